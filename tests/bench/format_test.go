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

// none begins what is written where a client did not go on.
const none = "none within "

// shortOrNone writes how long a client took to go on, or that it did not.
func shortOrNone(d time.Duration) string {
	if d < 0 {
		return none + whole(full.patience)
	}
	return short(d)
}

// whole writes a duration that is a number of seconds, or of milliseconds.
func whole(d time.Duration) string {
	if d >= time.Second {
		return fmt.Sprintf("%g s", d.Seconds())
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

// grouped writes a whole number with its digits in groups of three.
func grouped[N ~int | ~float64](n N) string {
	digits := fmt.Sprintf("%.0f", float64(n))
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

func size(bytes float64) string {
	switch {
	case bytes < 1e4:
		return grouped(bytes) + " B"
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
