package etcdtest

import "testing"

func TestReservePort(t *testing.T) {
	seen := map[int]bool{}
	for range 200 {
		port, err := reservePort()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { releasePort(port) })
		if seen[port] {
			t.Fatalf("port %d was given twice", port)
		}
		if port < firstPort || port > lastPort {
			t.Fatalf("port %d is out of range", port)
		}
		seen[port] = true
	}
}
