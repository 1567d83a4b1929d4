//go:build !plan9

package cluster

import "syscall"

// shortages are the errors of a system that cannot open another connection. The numbers are those of Windows
// for too many sockets, a local address that is not available, and no buffers: package syscall does not name
// them. Other systems have no errors with these numbers.
var shortages = []error{
	syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL,
	syscall.Errno(10024), syscall.Errno(10049), syscall.Errno(10055),
}
