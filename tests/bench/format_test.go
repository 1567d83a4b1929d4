package bench

import (
	"fmt"
	"time"
)

// short writes a duration with three digits.
func short(d time.Duration) string {
	switch f := float64(d); {
	case d < time.Microsecond:
		return fmt.Sprintf("%d ns", d)
	case d < 100*time.Microsecond:
		return fmt.Sprintf("%.1f µs", f/float64(time.Microsecond))
	case d < time.Millisecond:
		return fmt.Sprintf("%.0f µs", f/float64(time.Microsecond))
	case d < 100*time.Millisecond:
		return fmt.Sprintf("%.2f ms", f/float64(time.Millisecond))
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", f/float64(time.Millisecond))
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

// shortOrNone writes how long a client took to go on, or that it did not.
func shortOrNone(d time.Duration) string {
	if d < 0 {
		return fmt.Sprintf("none within %v", full.patience)
	}
	return short(d)
}

func size(bytes float64) string {
	switch {
	case bytes < 1e4:
		return fmt.Sprintf("%.0f B", bytes)
	case bytes < 1e6:
		return fmt.Sprintf("%.0f kB", bytes/1e3)
	}
	return megabytes(bytes)
}

func megabytes(bytes float64) string { return fmt.Sprintf("%.1f MB", bytes/1e6) }

// worstOrNone returns the longest time, or -1 if there was none once.
func worstOrNone(all []time.Duration) time.Duration {
	longest := time.Duration(0)
	for _, d := range all {
		if d < 0 {
			return d
		}
		longest = max(longest, d)
	}
	return longest
}

// stormMedian returns the medians of storms: events delivered, of how many, and the rate.
func stormMedian(all []storm) (delivered float64, total int, rate float64) {
	var counts, rates []float64
	for _, s := range all {
		counts, rates = append(counts, float64(s.delivered)), append(rates, s.rate)
		total = s.total
	}
	return median(counts), total, median(rates)
}
