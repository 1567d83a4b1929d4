package gateway_test

import "slices"

// deletions checks the writes that have no value of their own. Each deletion of the history must belong to
// one call: to the call that returned its index, or else to one whose outcome is unknown.
func (a *audit) deletions() {
	claimed := map[uint64]bool{}
	var doubtful []*call
	for _, c := range a.calls {
		if !c.deletes() {
			continue
		}
		a.count("deletions " + string(c.fate()))
		switch c.fate() {
		case applied:
			a.deletion(c, claimed)
		case unknown:
			doubtful = append(doubtful, c)
		}
	}
	for _, e := range a.history.events {
		if e.deletes() && !claimed[e.Node.ModifiedIndex] {
			doubtful = a.explain(e, doubtful)
		}
	}
}

// deletion checks a call that says that it has deleted a key.
func (a *audit) deletion(c *call, claimed map[uint64]bool) {
	e, ok := a.history.eventAt(c.resp.Index)
	switch {
	case !ok || !e.deletes() || e.Node.Key != c.key:
		a.lie(c, "not applied, said to be", "at that index the history has %+v", e)
	case claimed[c.resp.Index]:
		a.lie(c, "not applied, said to be", "another call's deletion")
	case c.resp.Node.ModifiedIndex != c.resp.Index, c.resp.Action != e.Action:
		a.lie(c, "wrong answer", "the history has %+v", e)
	case c.resp.PrevNode == nil || !isNode(c.resp.PrevNode, e.PrevNode) || !a.mayBe(c, e):
		a.lie(c, "wrong node before", "the history has %+v before %+v", e.PrevNode, e)
	}
	claimed[c.resp.Index] = true
}

// mayBe reports whether c may have caused e.
func (a *audit) mayBe(c *call, e event) bool {
	return c.key == e.Node.Key && a.bounds.floor(c) < e.Node.ModifiedIndex &&
		compares(c.prev, e.PrevNode.Value, e.PrevNode.ModifiedIndex) && (c.verb == compareAndDelete) == (e.Action == "compareAndDelete")
}

// explain finds the call that caused a deletion that no call returned. It returns the doubtful calls that are
// left.
func (a *audit) explain(e event, doubtful []*call) []*call {
	if i := slices.IndexFunc(doubtful, func(c *call) bool { return a.mayBe(c, e) }); i >= 0 {
		a.count("deletions unknown that were applied")
		return slices.Delete(doubtful, i, i+1)
	}
	suspect := slices.IndexFunc(a.calls, func(c *call) bool {
		return c.deletes() && a.mayBe(c, e) && a.bounds.ceiling(c) >= e.Node.ModifiedIndex
	})
	if suspect < 0 {
		a.lie(&call{verb: remove, key: e.Node.Key}, "nobody's deletion", "%+v", e)
		return doubtful
	}
	c := a.calls[suspect]
	if c.fate() == refused {
		a.lie(c, "applied, said not to be", "no other call explains %+v of %+v", e, e.PrevNode)
	} else {
		a.lie(c, "applied twice", "no other call explains %+v of %+v", e, e.PrevNode)
	}
	return doubtful
}
