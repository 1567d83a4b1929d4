package main

import "time"

// progress tells how far long work is, every few seconds.
type progress struct {
	s     streams
	what  string // such as "exported"
	begin time.Time
	told  time.Time
	nodes int
}

const tellEvery = 5 * time.Second

func newProgress(s streams, what string) *progress {
	now := time.Now()
	return &progress{s: s, what: what, begin: now, told: now}
}

// step counts a node.
func (p *progress) step(key string) {
	p.nodes++
	if now := time.Now(); now.Sub(p.told) >= tellEvery {
		p.told = now
		p.s.warn("%s %d nodes, %.0f a second, now at %q", p.what, p.nodes, float64(p.nodes)/now.Sub(p.begin).Seconds(), key)
	}
}
