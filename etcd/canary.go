package etcd

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// A member that has fallen behind by more than 5,000 entries is sent a snapshot, and open polls see
// nothing of the changes between. It takes less than a second of hanging for that, when others write
// fast. So the vigil looks how a member's index moves: in steps, and not in leaps. For that it
// must look often when the index moves fast, and seldom when it does not; the canary, a poll of
// everything, tells when it begins to move. It waits for an event some way ahead, so that one change
// does not wake all the clients of a cluster.
const (
	leap         = 4000 // indexes, less than any that a snapshot can hide
	stride       = 500  // indexes that may pass between two looks
	leastLooking = 100 * time.Millisecond
	mostLooking  = 200 * time.Millisecond
	canaryAbsent = 30 * time.Second // where it cannot live: at members that forbid it
)

// canary waits until the index has moved by a stride, and again shortly after, until ctx ends.
func (v *vigil) canary(ctx context.Context, m *member) {
	for ctx.Err() == nil {
		began, before := time.Now(), v.reached(m)
		pause := canaryAbsent
		if index, err := v.next(ctx, m, before); err == nil {
			pause = untilLook(max(index, before)-before, time.Since(began))
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// untilLook returns when to look again at an index that has moved so far in so much time.
func untilLook(moved uint64, passed time.Duration) time.Duration {
	if passed > mostLooking { // it has stood still, and may be at the beginning of anything
		return leastLooking
	}
	pause := time.Duration(stride / float64(moved+1) * float64(passed+leastLooking))
	return min(max(pause, leastLooking), mostLooking)
}

// next waits until m is a stride past an index, 0 for any event, and returns how far it is.
func (v *vigil) next(ctx context.Context, m *member, after uint64) (uint64, error) {
	target := "/v2/keys/?recursive=true&wait=true"
	if after > 0 {
		target += "&waitIndex=" + strconv.FormatUint(after+stride, 10)
	}
	resp, err := v.cluster.inquire(ctx, m, http.MethodGet, target, v.interval)
	if errors.Is(err, ErrEventIndexCleared) { // m is far past that
		v.saw(m, indexOf(err))
		return indexOf(err), nil
	}
	if err != nil {
		return 0, err
	}
	index := headerNumber(resp, "X-Etcd-Index")
	v.saw(m, index)
	event, err := decode(resp, nil)
	if err != nil {
		return 0, err
	}
	index = max(index, event.Node.ModifiedIndex)
	v.saw(m, index)
	return index, nil
}

// sound asks m for its index. The key is one that nobody has: a refusal is the cheapest answer.
func (v *vigil) sound(ctx context.Context, m *member) {
	resp, err := v.cluster.inquire(ctx, m, http.MethodHead, "/v2/keys/_etcdv2/none", v.patience())
	if err == nil {
		v.saw(m, headerNumber(resp, "X-Etcd-Index"))
		return
	}
	v.saw(m, indexOf(err))
}

// reached returns the last index that m was seen to have reached.
func (v *vigil) reached(m *member) uint64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	if w := v.members[m]; w != nil {
		return w.index
	}
	return 0
}

// registered notes that the poll that l limits has arrived at m, which was at index then.
func (v *vigil) registered(m *member, l *limit, index uint64) {
	if v.reached(m) > index+leap { // the leap came while the header was under way
		l.cancel(errMayHaveMissed)
		return
	}
	v.saw(m, index)
	v.mu.Lock()
	defer v.mu.Unlock()
	if w := v.members[m]; w != nil && w.polls[l] != nil {
		w.polls[l].since, w.polls[l].arrived = index, time.Now()
	}
}

// saw notes that m has reached index. If that is a leap, polls that were open before it are ended.
func (v *vigil) saw(m *member, index uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	w := v.members[m]
	if w == nil || index == 0 {
		return
	}
	if w.index != 0 && index > w.index+leap {
		w.leapt = w.index
		for l, p := range w.polls {
			if p.since != 0 {
				l.cancel(errMayHaveMissed)
			}
		}
	}
	if index > w.index || index+leap < w.index { // or the cluster was restored
		w.index = index
	}
}

// check returns an error if an event that a poll or a stream has waited for may not be the first
// there was, since its member has leapt meanwhile: perhaps to this very event.
func (v *vigil) check(resp *http.Response, event *Response) error {
	body, ok := resp.Body.(*watchBody)
	if !ok || body.limit.over == nil {
		return nil
	}
	v.saw(body.limit.over, event.Node.ModifiedIndex)
	v.mu.Lock()
	defer v.mu.Unlock()
	w := v.members[body.limit.over]
	if w == nil || w.polls[body.limit] == nil {
		return nil
	}
	if since := w.polls[body.limit].since; since != 0 && since <= w.leapt && event.Node.ModifiedIndex > w.leapt {
		return errMayHaveMissed
	}
	return nil
}
