package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// write writes the report and its charts to a directory.
func (r results) write(dir string) error {
	report := r.report()
	drawn, err := charts(report)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "benchmarks.md"), []byte(report), 0o644); err != nil {
		return err
	}
	return writeAll(dir, drawn)
}

// writeAll writes files to a directory.
func writeAll(dir string, files map[string]string) error {
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// report returns all tables.
func (r results) report() string {
	var b strings.Builder
	b.WriteString(preface())
	r.writeTargets(&b)
	b.WriteString(callsPreface)
	for _, g := range r.groups {
		fmt.Fprintf(&b, "## %s\n\n", g.title)
		writeTimes(&b, g)
		writeAllocations(&b, g)
	}
	fmt.Fprintf(&b, "## Watches\n\n![%s](%s)\n\n", restTitle, restFile)
	r.writeWatches(&b)
	b.WriteString("## Locks, mirrors, members that fail\n\n")
	r.writeRest(&b)
	b.WriteString("## Memory\n\n")
	r.writeMemory(&b)
	return strings.TrimSpace(b.String()) + "\n"
}

// The first heads of the tables from which charts are drawn.
const (
	timesHead    = "time of a call"
	latencyHead  = "latency"
	stormHead    = "storm"
	failoverHead = "what was timed"
	memoryHead   = "read"
)

// writeRow writes a row of a table.
func writeRow(b *strings.Builder, cells ...string) {
	fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
}

func writeHead(b *strings.Builder, cells ...string) {
	writeRow(b, cells...)
	writeRow(b, slices.Repeat([]string{"---"}, len(cells))...)
}

func (r results) writeTargets(b *strings.Builder) {
	b.WriteString("## Targets\n\nRatios are medians of the rounds' ratios. The ratio of latencies is one of all events.\n\n")
	writeHead(b, "target", "measured", "")
	for _, t := range r.targets() {
		writeRow(b, t.name, t.measured, map[bool]string{true: "met", false: "**missed**"}[t.met])
	}
	b.WriteString("\n")
}

// writeTimes writes how long the clients take, and how that compares.
func writeTimes(b *strings.Builder, g group) {
	names := namesOf(g)
	writeHead(b, slices.Concat([]string{timesHead}, names, []string{"ours to net/http", "fastest peer to ours"})...)
	for _, w := range g.works {
		cells := []string{w.name}
		for _, name := range names {
			cell := "-"
			if r := w.of(name); r != nil {
				cell = fmt.Sprintf("%s ±%.0f%%", short(r.median().time), 100*r.spread())
			}
			cells = append(cells, cell)
		}
		best := w.ratio(official, ours)
		for _, peer := range []string{tuned, goEtcd} {
			best = min(best, w.ratio(peer, ours))
		}
		writeRow(b, append(cells, fmt.Sprintf("%.2f", w.ratio(ours, floor)), fmt.Sprintf("%.2f", best))...)
	}
	b.WriteString("\n")
}

// writeAllocations writes what the clients allocate and how long they keep the processors busy.
func writeAllocations(b *strings.Builder, g group) {
	names := namesOf(g)
	writeHead(b, append([]string{"allocations; bytes; CPU time of a call"}, names...)...)
	for _, w := range g.works {
		cells := []string{w.name}
		for _, name := range names {
			cell := "-"
			if r := w.of(name); r != nil {
				m := r.median()
				cell = fmt.Sprintf("%s; %s; %s", grouped(m.allocs), size(m.bytes), short(m.cpu))
			}
			cells = append(cells, cell)
		}
		writeRow(b, cells...)
	}
	b.WriteString("\n")
}

// namesOf returns who takes part in a group.
func namesOf(g group) []string {
	var names []string
	for _, r := range g.works[0].results {
		names = append(names, r.name)
	}
	return names
}

func (r results) writeWatches(b *strings.Builder) {
	fmt.Fprintf(b, "From when a write is sent until its event is delivered, at one write every %s:\n\n", whole(pace))
	writeHead(b, latencyHead, "p50", "p99", "greatest")
	for _, name := range []string{ours, official} {
		all := r.latency[name]
		writeRow(b, name, short(quantile(all, 0.5)), short(quantile(all, 0.99)), short(quantile(all, 1)))
	}
	b.WriteString("\nIn a storm, 64 writers set keys below the watched directory as fast as they can, on bare connections. *" + reading + "*\n" +
		"reads the server's stream and counts its lines: the most that a watch can reach beside a server and writers on the same cores.\n\n")
	writeHead(b, stormHead, "events delivered", "events a second until the last", "ends with")
	for _, name := range []string{nobody, reading, ours, official} {
		delivered, total, rate := stormMedian(r.storms[name])
		said := "-"
		if err := r.storms[name][0].err; delivered < float64(total) && err != nil {
			said = err.Error()
		}
		events := grouped(delivered) + " of " + grouped(total)
		if name == nobody {
			events = "-"
		}
		perSecond := "-"
		if rate > 0 {
			perSecond = grouped(rate)
		}
		writeRow(b, name, events, perSecond, said)
	}
	b.WriteString("\n")
}

func (r results) writeRest(b *strings.Builder) {
	writeHead(b, failoverHead, "client", "median", "worst")
	for _, f := range faults {
		for _, name := range []string{ours, official} {
			all := r.failovers[f.name][name]
			writeRow(b, fmt.Sprintf("a read after the member in use is %s; calls have %s", f.name, whole(callTimeout)), name,
				shortOrNone(median(all)), shortOrNone(worstOrNone(all)))
		}
	}
	writeRow(b, "from Unlock until the next in line has the lock", ours, short(median(r.handOvers)), short(quantile(r.handOvers, 1)))
	for _, w := range r.mirrors {
		for _, result := range w.results {
			m := result.median()
			writeRow(b, fmt.Sprintf("%s, by %s", w.name, result.name), ours,
				fmt.Sprintf("%s, allocations: %s", short(m.time), grouped(m.allocs)), "-")
		}
	}
	b.WriteString("\n")
}

func (r results) writeMemory(b *strings.Builder) {
	b.WriteString("How much larger a process grows that makes one such read than a process that makes one small read.\n\n")
	writeHead(b, memoryHead, "client", "at most")
	for _, p := range r.peaks {
		writeRow(b, p.work, p.client, megabytes(p.bytes))
	}
}
