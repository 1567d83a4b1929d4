package sim

import (
	"fmt"
	"testing"
	"time"
)

// bubblesBegin is the time at which the clock of each bubble starts.
var bubblesBegin = time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)

// Errorf reports a violation, and ends the contexts of Go: what follows is not worth the time. The violation is also
// printed at once, since cmd/mutants waits for this line, and takes only what a checker reports for a violation.
func (w *World) Errorf(format string, args ...any) {
	w.Helper()
	fmt.Printf("sim: %s is violated after %v: %s\n", w.Name(), time.Since(bubblesBegin), fmt.Sprintf(format, args...))
	w.T.Errorf(format, args...)
	w.cancel()
}

// violation reports a violation that a checker finds when the run is over, outside of the bubble.
func violation(t *testing.T, format string, args ...any) {
	t.Helper()
	fmt.Printf("sim: %s is violated: %s\n", t.Name(), fmt.Sprintf(format, args...))
	t.Errorf(format, args...)
}
