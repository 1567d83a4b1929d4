package faultlink

import "go.uber.org/goleak"

// Leaks are what a check for leaked goroutines has to overlook after tests with a Link: toxiproxy
// leaves some behind when it cuts a connection into which something is just being written.
func Leaks() []goleak.Option {
	return []goleak.Option{
		goleak.IgnoreAnyFunction("github.com/Shopify/toxiproxy/v2/toxics.(*ToxicStub).Run"),
		goleak.IgnoreAnyFunction("github.com/Shopify/toxiproxy/v2.(*ToxicLink).read"),
	}
}
