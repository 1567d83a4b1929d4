package etcdtest
import ("testing";"time")
func TestX(t *testing.T){
  for _,n:=range []int{1,3}{
  t0:=time.Now()
  c:=Start(t,WithMembers(n))
  t.Log(n,time.Since(t0)); 
  l,err:=c.Leader(t.Context()); t.Log(l.Name(),err,time.Since(t0))
  t1:=time.Now(); t.Log(l.Stop(),time.Since(t1)) 
  if n>1 { t1=time.Now(); l2,err:=c.Leader(t.Context()); t.Log(l2.Name(),err,time.Since(t1)) }
  t1=time.Now(); t.Log(l.Restart(t.Context()),time.Since(t1)) 
  t1=time.Now(); t.Log(c.Close(),time.Since(t1)) 
  }
}
