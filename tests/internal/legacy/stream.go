package legacy

import "go.etcd.io/etcd/server/v3/etcdserver/api/v2store"

// stream is a watch with stream=true. The store of 3.5 keeps 100 events for a reader that is slow, that of
// 0.4.9 one: with another one it lets go of the watch and says nothing.
type stream struct {
	watcher v2store.Watcher
	events  chan *v2store.Event
	lost    bool
}

func (s *store) stream(watcher v2store.Watcher) *stream {
	one := &stream{watcher: watcher, events: make(chan *v2store.Event, 1)}
	s.streams[one] = struct{}{}
	one.pump()
	return one
}

// pump passes on what the store has for the streams.
func (s *store) pump() {
	for one := range s.streams {
		one.pump()
	}
}

func (one *stream) pump() {
	for !one.lost {
		select {
		case event := <-one.watcher.EventChan():
			select {
			case one.events <- event:
			default:
				one.lose()
			}
		default:
			return
		}
	}
}

func (one *stream) lose() {
	if !one.lost {
		one.lost = true
		one.watcher.Remove()
	}
}

// endStream lets go of a stream whose reader has gone.
func (s *store) endStream(one *stream) {
	one.lose()
	delete(s.streams, one)
}
