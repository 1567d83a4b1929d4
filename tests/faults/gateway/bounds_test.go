package gateway_test

import (
	"cmp"
	"slices"
)

// bounds limits the indexes that the store can have had during a call, by the writes that ended before it or
// began after it.
type bounds struct {
	ended []mark // in order of time, each with the highest index until then
	began []mark // in order of time, each with the lowest index from then on
	start uint64
	last  uint64
}

type mark struct {
	time  int64
	index uint64
}

// newBounds takes the indexes from the history, because the answers are what the test examines.
func newBounds(h *history, calls []*call) *bounds {
	b := &bounds{start: h.start, last: h.last}
	for _, c := range calls {
		events := h.writes[c.value]
		if c.reads() || len(events) != 1 {
			continue
		}
		index := events[0].Node.ModifiedIndex
		if c.err == nil {
			b.ended = append(b.ended, mark{c.ended, index})
		}
		b.began = append(b.began, mark{c.began, index})
	}
	byTime := func(a, b mark) int { return cmp.Compare(a.time, b.time) }
	slices.SortFunc(b.ended, byTime)
	slices.SortFunc(b.began, byTime)
	for i := 1; i < len(b.ended); i++ {
		b.ended[i].index = max(b.ended[i].index, b.ended[i-1].index)
	}
	for i := len(b.began) - 2; i >= 0; i-- {
		b.began[i].index = min(b.began[i].index, b.began[i+1].index)
	}
	return b
}

// floor returns an index that the store had reached when c began.
func (b *bounds) floor(c *call) uint64 {
	i, _ := slices.BinarySearchFunc(b.ended, c.began, compareTime)
	if i == 0 {
		return b.start
	}
	return b.ended[i-1].index
}

// ceiling returns an index that the store had not exceeded when c ended.
func (b *bounds) ceiling(c *call) uint64 {
	i, _ := slices.BinarySearchFunc(b.began, c.ended, compareTime)
	if i == len(b.began) {
		return b.last
	}
	return b.began[i].index - 1
}

func compareTime(m mark, time int64) int { return cmp.Compare(m.time, time) }
