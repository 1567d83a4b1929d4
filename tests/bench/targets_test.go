package bench

import "fmt"

// target is what the library has to come to.
type target struct {
	name     string
	measured string
	met      bool
}

// atMost returns a target that value is no more than most.
func atMost(name string, value, most float64) target {
	return target{fmt.Sprintf("%s: at most %.2f", name, most), fmt.Sprintf("%.2f", value), value <= most}
}

func atLeast(name string, value, least float64) target {
	return target{fmt.Sprintf("%s: at least %.2f", name, least), fmt.Sprintf("%.2f", value), value >= least}
}

// targets returns all targets with what was measured.
func (r results) targets() []target {
	all := append(r.callTargets(), r.treeTargets()...)
	all = append(all, r.watchTargets()...)
	return append(all, r.rowTargets()...)
}

func (r results) callTargets() []target {
	var all []target
	for _, call := range []string{"GET", "SET"} {
		w := r.work("One goroutine", call)
		all = append(all,
			atMost(call+", one goroutine, time of net/http", w.ratio(ours, floor), 1.05),
			atMost(call+", one goroutine, allocations of net/http", w.allocRatio(ours, floor), 1.10))
	}
	for _, w := range r.group("64 goroutines").works {
		all = append(all, atMost(w.name+", 64 goroutines, time of net/http", w.ratio(ours, floor), 1.10))
	}
	get := r.work("64 goroutines", "GET")
	return append(all, atLeast("GET, 64 goroutines, throughput of client/v2", get.ratio(official, ours), 2.5))
}

func (r results) treeTargets() []target {
	const small, large = 10_000, 100_000
	w, more := r.work("Recursive GET", treeWork(small)), r.work("Recursive GET", treeWork(large))
	return []target{
		atMost("Recursive GET of 10,000 nodes, time of reading without decoding", w.ratio(ours, reading), 1.35),
		atLeast("Recursive GET of 10,000 nodes, times as fast as client/v2", w.ratio(official, ours), 1.3),
		atMost("Recursive GET of 100,000 nodes, time of reading without decoding", more.ratio(ours, reading), 1.35),
	}
}

func (r results) watchTargets() []target {
	lost := 0
	var rates []float64
	for i, s := range r.storms[ours] {
		lost += s.total - s.delivered
		rates = append(rates, s.rate/r.storms[nobody][i].rate)
	}
	ratio := float64(quantile(r.latency[ours], 0.99)) / float64(quantile(r.latency[official], 0.99))
	return []target{
		atMost("Watch storm, events missing", float64(lost), 0),
		atLeast("Watch storm, rate of the writers without a watcher", median(rates), 0.9),
		atMost("Watch, p99 latency of client/v2's", ratio, 1),
	}
}

// rowTargets are that no row shows client/v2 to be faster.
func (r results) rowTargets() []target {
	var all []target
	for _, g := range r.groups {
		for _, w := range g.works {
			all = append(all, atMost(fmt.Sprintf("%s, %s, time of client/v2", g.title, w.name), w.ratio(ours, official), 1))
		}
	}
	return all
}

func (r results) group(title string) group {
	for _, g := range r.groups {
		if g.title == title {
			return g
		}
	}
	return group{}
}

func (r results) work(title, name string) work {
	for _, w := range r.group(title).works {
		if w.name == name {
			return w
		}
	}
	return work{}
}
