package feed

import (
	"strings"
	"sync"
	"time"
)

// RefusedTime is how long a directory has no feed after the watch of one was refused. Its watches then poll by
// themselves, because they may be served all the same.
const RefusedTime = time.Minute

// Hub holds the feeds of a client, and decides which watch shares one.
type Hub struct {
	Limit int           // polls below a directory before they are shared; negative: nothing is shared
	Seen  func() uint64 // returns the highest index that the cluster has reported

	mu      sync.Mutex
	closed  bool
	dirs    map[string]*directory
	pollers map[*Poller]struct{}
	running sync.WaitGroup
}

// directory is what the hub knows of a directory, or of a key that is watched as if it were one.
type directory struct {
	polls int // at it or below it, of watches that are not about to move to a feed
	feed  *Feed
	retry time.Time // no feed before then
}

// Watch is a watch as the hub sees it.
type Watch struct {
	Key       string // with a leading slash, and without a trailing one
	Recursive bool
	Next      uint64 // the first index that is wanted

	// Least is the first index at which an event would be new. Silence may have seemed to show that there is none before
	// Next, and the feed may find one after all. 0 is Next.
	Least uint64

	// Known is a change in the history that the watch follows; nil if it knows none.
	Known Landmark

	// Unsure is set if it is not known whether the history is still the one that the watch has followed. It then
	// polls, which finds that out, and opens no feed before.
	Unsure bool

	Progress bool // it wants to know how far it has come

	// Pulse, if set, is called by any goroutine for each sign of life of the member that the feed waits on.
	// Reopened, if set, is called when a request of the feed has failed.
	Pulse, Reopened func()

	Request chan struct{} // a value asks for progress soon; nil if none ever does

	Feed *Feed // the feed whose own watch this is; nil for others
}

// Poller is a watch that polls by itself.
type Poller struct {
	hub     *Hub
	watch   Watch
	counted bool // among the polls of its directories
}

// Join returns how w goes on from Next: with a subscription, or with a poll of its own. If that requires a
// new feed, Join runs its watch with open in a goroutine.
func (h *Hub) Join(w Watch, open func(*Feed) End) (*Subscription, *Poller) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.Limit < 0 || h.closed {
		return nil, &Poller{hub: h, watch: w}
	}
	f := h.feedFor(w)
	if f == nil && !w.Unsure {
		f = h.start(h.crowded(w, 1), open)
	}
	if f != nil && f.serves(w, w.Next) && !w.Unsure {
		return f.admit(w), nil
	}
	return nil, h.poll(w)
}

// Present returns an index from which on a feed brings everything to w, and that is not below any that the
// client has seen; or 0. A watch from now on begins behind it.
func (h *Hub) Present(w Watch) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if f := h.feedFor(w); f != nil && !f.unsure {
		return max(f.proven, h.Seen())
	}
	return 0
}

// feedFor returns the deepest feed that brings the events of w, or nil.
func (h *Hub) feedFor(w Watch) *Feed {
	for dir := range w.directories() {
		if d := h.dirs[dir]; d != nil && d.feed != nil {
			return d.feed
		}
	}
	return nil
}

// crowded returns the deepest directory that has more polls than the limit, not counting its feed's, and that
// may have a feed; or "". New is the number of polls of w that are not counted yet.
func (h *Hub) crowded(w Watch, new int) string {
	for dir := range w.directories() {
		d := h.dirs[dir]
		if d == nil {
			d = &directory{}
		}
		if d.polls+new > h.Limit && !time.Now().Before(d.retry) {
			return dir
		}
	}
	return ""
}

// start opens a feed of dir, unless that is "".
func (h *Hub) start(dir string, open func(*Feed) End) *Feed {
	seen := h.Seen()
	if dir == "" || seen == 0 { // nothing says where it should begin
		return nil
	}
	f := newFeed(h, dir, seen+1)
	h.at(dir).feed = f
	h.count(dir, false)
	h.running.Go(func() { f.end(open(f)) })
	return f
}

// gather asks the watches that poll below dir for progress, so that they move to its feed.
func (h *Hub) gather(dir string) {
	for p := range h.pollers {
		if p.watch.sharedBy(dir) {
			signal(p.watch.Request)
		}
	}
}

// count says whether the watches that poll below dir count as polls. They do not while dir has a feed, because
// they are about to move to it. They would else be too many for the directories above.
func (h *Hub) count(dir string, counted bool) {
	for p := range h.pollers {
		if p.watch.sharedBy(dir) {
			p.count(counted)
		}
	}
}

func (p *Poller) count(counted bool) {
	if p.counted == counted {
		return
	}
	p.counted = counted
	for dir := range p.watch.directories() {
		if counted {
			p.hub.at(dir).polls++
		} else {
			p.hub.at(dir).polls--
			p.hub.tidy(dir)
		}
	}
}

// poll registers a watch that polls.
func (h *Hub) poll(w Watch) *Poller {
	if w.Request == nil {
		w.Request = make(chan struct{}, 1)
	}
	p := &Poller{hub: h, watch: w}
	if h.pollers == nil {
		h.pollers = map[*Poller]struct{}{}
	}
	h.pollers[p] = struct{}{}
	p.count(h.feedFor(w) == nil)
	return p
}

// Request returns a channel from which a value asks for progress soon.
func (p *Poller) Request() <-chan struct{} { return p.watch.Request }

// Leave says that the watch polls no more.
func (p *Poller) Leave() {
	p.hub.mu.Lock()
	defer p.hub.mu.Unlock()
	if _, ok := p.hub.pollers[p]; !ok {
		return
	}
	delete(p.hub.pollers, p)
	p.count(false)
	if f := p.hub.feedFor(p.watch); f != nil && f.count == 0 && !p.hub.polled(f.Dir) {
		f.remove() // all for whom it was opened have gone before they could subscribe
	}
}

// polled reports whether a watch polls that the feed of dir can serve.
func (h *Hub) polled(dir string) bool {
	for p := range h.pollers {
		if p.watch.sharedBy(dir) {
			return true
		}
	}
	return false
}

// Moves reports whether the watch should join again at next: a feed has all events from there on, or too many
// watches poll.
func (p *Poller) Moves(next uint64) bool {
	h := p.hub
	if h.Limit < 0 {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if f := h.feedFor(p.watch); f != nil {
		return !f.unsure && f.serves(p.watch, next)
	}
	return h.Seen() != 0 && h.crowded(p.watch, 0) != ""
}

// Opened says that a request of the watch waits at a member. If too many watches poll, it is asked to join again:
// when it joined, the client may not have seen an index, and so had nothing for a feed to begin at.
func (p *Poller) Opened() {
	h := p.hub
	if h.Limit < 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.feedFor(p.watch) == nil && h.Seen() != 0 && h.crowded(p.watch, 0) != "" {
		signal(p.watch.Request)
	}
}

// at returns the directory of that name.
func (h *Hub) at(dir string) *directory {
	d := h.dirs[dir]
	if d == nil {
		if h.dirs == nil {
			h.dirs = map[string]*directory{}
		}
		d = &directory{}
		h.dirs[dir] = d
	}
	return d
}

// tidy forgets a directory of which nothing is to be known.
func (h *Hub) tidy(dir string) {
	if d := h.dirs[dir]; d != nil && *d == (directory{}) {
		delete(h.dirs, dir)
	}
}

// Forgive lets every directory have a feed, because other credentials may be allowed to watch it.
func (h *Hub) Forgive() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for dir, d := range h.dirs {
		d.retry = time.Time{}
		h.tidy(dir)
	}
}

// Close starts no more feeds.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
}

// Wait returns when the watches of all feeds have ended.
func (h *Hub) Wait() { h.running.Wait() }

// directories returns the directories whose feeds can serve w, the deepest first: its own key, unless it is a
// feed's watch itself, and the directories above.
func (w Watch) directories() func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for dir := w.Key; ; dir = parent(dir) {
			own := w.Feed != nil && dir == w.Key
			if !own && !yield(dir) || dir == "/" || hidden(dir) {
				return
			}
		}
	}
}

// sharedBy reports whether the feed of dir can serve w.
func (w Watch) sharedBy(dir string) bool {
	for d := range w.directories() {
		if d == dir {
			return true
		}
	}
	return false
}

// parent returns the directory that key is in.
func parent(key string) string {
	return key[:max(strings.LastIndexByte(key, '/'), 1)]
}

// hidden reports whether the feed of the directory above does not see what happens to key.
func hidden(key string) bool { return strings.HasPrefix(key[strings.LastIndexByte(key, '/'):], "/_") }

// below reports whether key is below dir.
func below(key, dir string) bool {
	return len(key) > len(dir) && strings.HasPrefix(key, dir) && (dir == "/" || key[len(dir)] == '/')
}

// signal wakes the goroutine that waits on c, or the next one that does.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
