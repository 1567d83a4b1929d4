package cluster

import "syscall"

// shortages are the errors of a system that cannot open another connection.
var shortages = []error{syscall.EMFILE}
