package clients_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
)

// A table has a row for each language on each server, and a column for each check.
type table struct {
	mu   sync.Mutex
	rows []row
}

// A row is a report, or says why there is none.
type row struct {
	report
	instead string
}

func (t *table) add(r row) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows = append(t.rows, r)
}

// String has the languages in their order, whichever server was done first.
func (t *table) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	slices.SortFunc(t.rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(place(a.language), place(b.language)), cmp.Compare(a.etcd, b.etcd))
	})
	columns := append(slices.Clone(steps), "tree", "example")
	var text strings.Builder
	writer := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintf(writer, "language\tetcd\t%s\n", strings.Join(columns, "\t"))
	for _, r := range t.rows {
		fmt.Fprintf(writer, "%s\t%s\n", r.language, strings.Join(r.cells(columns), "\t"))
	}
	writer.Flush() // a strings.Builder takes everything
	return text.String()
}

func place(name string) int {
	return slices.IndexFunc(languages, func(l language) bool { return l.name == name })
}

func (r row) cells(columns []string) []string {
	if r.instead != "" {
		return []string{r.instead}
	}
	cells := []string{r.etcd}
	for _, column := range columns {
		cell := "ok"
		if _, failed := r.failed[column]; failed {
			cell = "FAILED"
		}
		cells = append(cells, cell)
	}
	return cells
}
