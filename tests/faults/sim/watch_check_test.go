package sim

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/etcdv2/client/etcd"
)

// sighting is what one watch has seen.
type sighting struct {
	f      *follower
	how    string // it began
	from   int    // the record of the moment when it began
	after  uint64 // the index behind which it began; 0 if that is not known
	events []*etcd.Response
}

func (s *sighting) String() string {
	return fmt.Sprintf("from %s after %d, %d events, last %d", s.how, s.after, len(s.events), s.last())
}

// last returns how far it has come for sure.
func (s *sighting) last() uint64 {
	if n := len(s.events); n > 0 {
		return s.events[n-1].Index
	}
	return s.after
}

// saw takes what the watch has delivered.
func (s *sighting) saw(r *etcd.Response) {
	if s.how == "current" && len(s.events) == 0 && s.after == 0 && r.Action == etcd.ActionGet {
		s.after = r.Index
		s.checkCurrent(r)
		return
	}
	s.f.o.w.Count("events", 1)
	s.events = append(s.events, r)
}

// has reports whether the watch has delivered what a record has up to index.
func (f *follower) has(record *Record, index uint64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.seen == nil {
		return false
	}
	s := f.seen
	var missing bool
	for _, e := range after(f.o.viewOf(record, f.key, f.recursive), s.last()) {
		missing = missing || e.Index() <= index && !e.optional
	}
	if s.last() == 0 { // it may have begun behind that
		missing = false
	}
	return !missing
}

func (o *observers) viewOf(record *Record, key string, recursive bool) []expected {
	o.mu.Lock()
	defer o.mu.Unlock()
	id := fmt.Sprintf("%p %s %v", record, key, recursive)
	v := o.views[id]
	if v == nil {
		v = &view{record: record, key: key, recursive: recursive}
		o.views[id] = v
	}
	return v.grow()
}

// check compares with what has happened. Why is the error that has ended the watch, which was ours or not.
func (s *sighting) check(why error, ours bool) {
	records := s.f.o.w.Cluster.Records()
	last, known, at := s.after, s.after != 0, s.from
	var before *etcd.Response
	for _, event := range s.certain(why) {
		next, fault := s.place(records, at, last, known, before, event)
		if fault != "" {
			s.report("%s", fault)
			return
		}
		at, last, known, before = next, event.Index, true, event
	}
	if ours {
		return
	}
	s.checkEnd(records, at, last, known, why)
}

// certain returns the events that were delivered, without those of which the error that has ended the watch says that
// one before them was found too late.
func (s *sighting) certain(why error) []*etcd.Response {
	var ended *etcd.WatchError
	if !errors.As(why, &ended) || !lateText.MatchString(why.Error()) {
		return s.events
	}
	events := s.events
	for len(events) > 0 && events[len(events)-1].Index > ended.After {
		events = events[:len(events)-1]
	}
	return events
}

// place finds an event in the record of which the last one was, or in one that came after it. It returns what is
// wrong if there is none that the event can follow in. The event before is nil if this is the first.
func (s *sighting) place(records []*Record, at int, last uint64, known bool, before, event *etcd.Response) (int, string) {
	var faults []string // of one record each
	for i := at; i < len(records); i++ {
		rest := s.f.o.viewOf(records[i], s.f.key, s.f.recursive)
		if known {
			rest = after(rest, last)
		}
		wrong := fmt.Sprintf("the event at %d has not happened, or not behind %d: %s", event.Index, last, textOf(event.Node))
		for _, e := range rest {
			if e.Index() == event.Index {
				wrong = shows(event, e.Event, s.f.o.w.Cluster.hasOvertaken())
				break
			}
			// A cluster that was restored and has passed the index may have other events there.
			if known && !e.optional && (i == at || last <= records[i].Base()) {
				wrong = fmt.Sprintf("the event at %d follows that at %d, and the one at %d is missing", event.Index, last, e.Index())
				break
			}
		}
		if wrong == "" {
			if i == at {
				return i, ""
			}
			s.f.o.w.Count("went on in a restored cluster", 1)
			// The history shows that the last event is not in it, as long as it reaches back so far.
			another := before != nil && last > records[i].Base() && records[i].Index() <= last+historySize && !s.isIn(records[i], before)
			switch {
			case another && before.RaftTerm == event.RaftTerm: // see docs/guarantees.md
				s.f.o.w.Count("another history of the same term", 1)
			case another:
				return i, fmt.Sprintf("the event at %d is of another history than the one at %d", event.Index, last)
			}
			return i, ""
		}
		faults = append(faults, wrong)
	}
	return at, strings.Join(faults, "; or ")
}

// isIn reports whether a record has the event, too: the key may have been made before the copy, and have expired at the same
// index in both histories.
func (s *sighting) isIn(record *Record, event *etcd.Response) bool {
	return slices.ContainsFunc(s.f.o.viewOf(record, s.f.key, s.f.recursive), func(e expected) bool {
		return e.Index() == event.Index && shows(event, e.Event, s.f.o.w.Cluster.hasOvertaken()) == ""
	})
}

var lateText = regexp.MustCompile(`the event at index (\d+) arrived after that at (\d+)`)

// checkEnd checks that what an error says is true.
func (s *sighting) checkEnd(records []*Record, at int, last uint64, known bool, why error) {
	w := s.f.o.w
	present := records[len(records)-1]
	var ended *etcd.WatchError
	restored := len(records) > 1 || w.Cluster.isDown()
	if restored && errors.Is(why, etcd.ErrClosed) { // the client has been made anew
		return
	}
	switch {
	case !errors.As(why, &ended):
		s.report("it ended with %v", why)
		return
	case ended.After < last:
		s.report("it says that it came to %d, and had come to %d", ended.After, last)
	}
	before := errors.Is(why, etcd.ErrClusterRolledBack) || errors.Is(why, etcd.ErrWrongCluster) // it is of the history before
	if known && at == len(records)-1 && !before {
		for _, e := range after(s.f.o.viewOf(present, s.f.key, s.f.recursive), last) {
			if e.Index() <= ended.After && !e.optional {
				s.report("it says that it came to %d, and the event at %d is missing: %v", ended.After, e.Index(), why)
				return
			}
		}
	}
	switch {
	case errors.Is(why, etcd.ErrEventIndexCleared):
		if late := lateText.FindStringSubmatch(why.Error()); late != nil {
			w.Count("ended late", 1)
			index, _ := strconv.ParseUint(late[1], 10, 64)
			if !s.happened(records[at], index, last) {
				s.report("it ended with %v, which did not happen", why)
			}
			return
		}
		w.Count("ended cleared", 1)
		if !restored && present.Index() <= ended.After+historySize {
			s.report("it ended with %v at index %d", why, present.Index())
		}
	case errors.Is(why, etcd.ErrClusterRolledBack):
		w.Count("ended rolled back", 1)
		if !restored {
			s.report("it ended with %v", why)
		}
	case errors.Is(why, etcd.ErrWrongCluster):
		w.Count("ended in another cluster", 1)
		if !restored {
			s.report("it ended with %v", why)
		}
	case errors.Is(why, etcd.ErrNotSupported) && len(s.events) == 0: // by gateways, at the first poll
		w.Count("not begun at a gateway", 1)
	default:
		s.report("it ended with %v", why)
	}
}

// happened reports whether there is an event at index, behind that at last, that the watch or the feed that it is served
// by had to bring.
func (s *sighting) happened(record *Record, index, last uint64) bool {
	is := func(e expected) bool { return e.Index() == index }
	own := after(s.f.o.viewOf(record, s.f.key, s.f.recursive), last)
	return slices.ContainsFunc(own, is) ||
		s.f.config.WatchPolls > 0 && slices.ContainsFunc(after(s.f.o.viewOf(record, "/", true), last), is)
}

// checkCurrent checks that what a watch begins with was there.
func (s *sighting) checkCurrent(r *etcd.Response) {
	if s.f.key == gardenHidden {
		return
	}
	s.f.o.w.Count("first contents", 1)
	fault := ""
	for i, record := range s.f.o.w.Cluster.Records() {
		if i < s.from || record.Index() < r.Index {
			continue
		}
		if fault = s.f.g.trees.differs(record, s.f.key, r.Node, r.Index, s.f.recursive); fault == "" {
			return
		}
	}
	s.report("it began with what was not there at %d: %s", r.Index, fault)
}

func (s *sighting) report(format string, args ...any) {
	s.f.o.w.Errorf("%s's watch of %s, %v: "+strings.ReplaceAll(format, "\n", " "), append([]any{s.f.name, s.f.key, s}, args...)...)
}
