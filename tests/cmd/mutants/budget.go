package main

import (
	"fmt"
	"strings"
	"time"
)

// budget is the time in which the simulation must find a plant: what it simulates, and what that takes.
type budget struct{ simulated, real time.Duration }

// parseBudget returns what a list calls "8h in 10m".
func parseBudget(text string) (b budget, err error) {
	simulated, real, _ := strings.Cut(text, " in ")
	if b.simulated, err = time.ParseDuration(simulated); err == nil {
		b.real, err = time.ParseDuration(real)
	}
	if err != nil {
		return budget{}, fmt.Errorf("budget %q is not like \"8h in 10m\": %w", text, err)
	}
	return b, nil
}

func (b budget) String() string { return short(b.simulated) + " in " + short(b.real) }

// short returns d in seconds or, from a minute on, in the form 1h2m3s without zeros at the end.
func short(d time.Duration) string {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	text := d.Round(time.Second).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
