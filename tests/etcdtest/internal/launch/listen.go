package launch

import (
	"errors"
	"net"
	"syscall"
	"time"
)

const (
	// heldTime is for how long a process that is being started may hold what this one has closed.
	heldTime = 5 * time.Second
	// heldPause is the pause between two tries.
	heldPause = time.Millisecond
)

// Listen listens at an address that is this process's own. If it is taken, Listen tries again for some seconds: what this
// process has closed a moment ago, another one that it is starting has open until that one runs its program.
func Listen(addr string) (net.Listener, error) {
	pause := time.NewTicker(heldPause)
	defer pause.Stop()
	for began := time.Now(); ; <-pause.C {
		l, err := net.Listen("tcp", addr)
		if !InUse(err) || time.Since(began) > heldTime {
			return l, err
		}
	}
}

// InUse reports whether an address was taken. Windows has a number of its own for that, 10048, which no other system uses.
func InUse(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, syscall.Errno(10048))
}
