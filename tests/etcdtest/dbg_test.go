package etcdtest
import ("testing";"time";"runtime/pprof";"os")
func TestDbg(t *testing.T){
  c:=Start(t,WithMembers(3))
  l,_:=c.Leader(t.Context())
  go l.Stop()
  time.Sleep(500*time.Millisecond)
  f,_:=os.Create("/tmp/gor.txt"); pprof.Lookup("goroutine").WriteTo(f,2); f.Close()
}
