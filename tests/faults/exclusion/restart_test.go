//go:build unix

package exclusion_test

import (
	"context"
	"slices"
	"time"
)

// one of the processes of these roles; nil if there is none.
func (a *arena) oneOf(roles ...string) (at int, p *process) {
	var found []int
	for i, p := range a.processes {
		if slices.Contains(roles, p.role) {
			found = append(found, i)
		}
	}
	if len(found) == 0 {
		return 0, nil
	}
	at = found[a.random.IntN(len(found))]
	return at, a.processes[at]
}

// restartHolder kills a process that holds the lock, and starts one that takes the lock over.
func (a *arena) restartHolder(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	at, p := a.oneOf("identity", "permanent")
	if p == nil {
		return nil
	}
	dead, err := p.killWhenHolding(ctx)
	if dead && err == nil {
		a.processes[at] = p.successor(a.t)
	}
	return err
}

// replaceHolder stops a process that holds the lock, as if it were dead, and starts one that takes the lock
// over; then the first goes on. Both may act as holders until the first learns of it, so it is not one whose
// lock would last for ever.
func (a *arena) replaceHolder(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	at, p := a.oneOf("identity")
	if p == nil {
		return nil
	}
	next, err := p.replaceWhenHolding(ctx, a.t)
	if next != nil {
		a.processes[at] = next
	}
	return err
}
