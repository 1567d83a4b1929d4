package bench

import (
	"fmt"
	"time"
)

// chartOf draws the times of a group.
func chartOf(g group) chart {
	c := chart{title: g.title + ": time of one call, shorter is better"}
	for _, w := range g.works {
		c.sections = append(c.sections, sectionOf(w))
	}
	return c
}

func sectionOf(w work) section {
	s := section{name: w.name}
	for _, r := range w.results {
		took := r.median().time
		s.bars = append(s.bars, bar{r.name, float64(took), short(took)})
	}
	return s
}

func (r results) watchChart() chart {
	c := chart{title: "Watches"}
	for _, part := range []float64{0.5, 0.99} {
		s := section{name: fmt.Sprintf("From write to event at %d writes a second, p%.0f", time.Second/pace, 100*part)}
		for _, name := range []string{ours, official} {
			took := quantile(r.latency[name], part)
			s.bars = append(s.bars, bar{name, float64(took), short(took)})
		}
		c.sections = append(c.sections, s)
	}
	s := section{name: "Events delivered in a storm by 64 writers, longer is better"}
	for _, name := range []string{ours, official} {
		delivered, total, _ := stormMedian(r.storms[name])
		s.bars = append(s.bars, bar{name, delivered, fmt.Sprintf("%.0f of %d", delivered, total)})
	}
	c.sections = append(c.sections, s)
	return c
}

func (r results) failoverChart() chart {
	c := chart{title: "A member of three fails: until the next read succeeds, shorter is better"}
	for _, f := range faults {
		s := section{name: "the member in use is " + f.name}
		for _, name := range []string{ours, official} {
			took := worstOrNone(r.failovers[f.name][name])
			value := took
			if took < 0 {
				value = full.patience
			}
			s.bars = append(s.bars, bar{name, float64(value), shortOrNone(took)})
		}
		c.sections = append(c.sections, s)
	}
	return c
}

func (r results) memoryChart() chart {
	c := chart{title: "Memory that one read takes at most, shorter is better"}
	for _, p := range r.peaks {
		last := len(c.sections) - 1
		if last < 0 || c.sections[last].name != p.work {
			c.sections = append(c.sections, section{name: p.work})
			last++
		}
		c.sections[last].bars = append(c.sections[last].bars, bar{p.client, p.bytes, megabytes(p.bytes)})
	}
	return c
}
