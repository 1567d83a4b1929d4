// Package group has the type that goroutines are waited for with.
package group

import "sync"

// A Group is a sync.WaitGroup with the method Go, which Go 1.24, the oldest release that builds the library, does not have.
type Group struct{ sync.WaitGroup }

// Go calls f in a goroutine of the group.
func (g *Group) Go(f func()) {
	g.Add(1)
	go func() {
		defer g.Done()
		f()
	}()
}
