package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The whole search takes long, and is `make sim-plants`. That the lists fit the code shows at once.
func TestPlantsFitTheCode(t *testing.T) {
	here := trial{root: "../../.."}
	plants, err := here.plants()
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, m := range plants {
		if ids[m.id] {
			t.Errorf("%s is listed twice", m.id)
		}
		ids[m.id] = true
		_, unfit := here.mutated(m)
		_, unclear := new(simulation).allowed(m)
		if err := errors.Join(unfit, unclear); err != nil {
			t.Error(err)
		}
	}
}

const (
	aRun       = "sim: mutex seed 3: 1 members, 15m2s simulated in 4.2s, tenures 5, faults: cut 3"
	aViolation = "sim: TestMutex/seed=3 is violated after 1m2.5s: two holders"
)

// TestSimulate: only what a checker reports is a violation.
func TestSimulate(t *testing.T) {
	t.Setenv("GOGC", "50")
	for _, test := range []struct {
		name, script string
		want         output
		wantError    string
	}{
		{name: "passes", script: "echo '" + aRun + "'", want: output{simulated: 15*time.Minute + 2*time.Second, ended: true}},
		{
			name:   "passes one test and not the next",
			script: "echo '" + aRun + "'\necho '" + aViolation + "'",
			want:   output{simulated: 16*time.Minute + 4500*time.Millisecond, test: "TestMutex", violation: "two holders", ended: true},
		},
		{
			name:   "is judged at its end",
			script: "echo '" + aRun + "'\necho 'sim: TestMutex is violated: no order explains it'",
			want:   output{simulated: 15*time.Minute + 2*time.Second, test: "TestMutex", violation: "no order explains it", ended: true},
		},
		{
			name:   "is ended at a violation",
			script: "echo '" + aViolation + "'\necho '" + aViolation + " again'\nexec sleep 60",
			want:   output{simulated: time.Minute + 2500*time.Millisecond, test: "TestMutex", violation: "two holders"},
		},
		{name: "panics", script: "echo '--- FAIL: TestMutex'\necho 'panic: nil map' >&2\nexit 2", wantError: "no violation, but panic: nil map"},
		{name: "fails", script: "echo '--- FAIL: TestMutex (0.1s)'\nexit 1", wantError: "no violation, but --- FAIL: TestMutex"},
		{name: "leaves goroutines", script: "echo '3 goroutines left'\nexit 1", wantError: "no violation, but 3 goroutines left"},
		{name: "is killed", script: "kill -9 $$", wantError: "no violation, but a crash"},
		{name: "comes to no end", script: "exec sleep 60", wantError: context.DeadlineExceeded.Error()},
		{name: "is no test", script: "echo 'testing: warning: no tests to run'", wantError: "has no test of this workload"},
		{
			name:   "gets its arguments",
			script: `test "$1 $SIM_SEED $SIM_HOURS $GOMAXPROCS $GOGC" = "-test.run=(?i)^Testmutex 3 0.25 1 50" && echo '` + aRun + `'`,
			want:   output{simulated: 15*time.Minute + 2*time.Second, ended: true},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			program := filepath.Join(t.TempDir(), "tests")
			if err := os.WriteFile(program, []byte("#!/bin/sh\n"+test.script+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			limit := time.Minute
			if test.wantError == context.DeadlineExceeded.Error() {
				limit = 10 * time.Millisecond
			}
			s := &simulation{trial: trial{root: "../../.."}}
			got, err := s.simulate(t.Context(), program, "mutex", 3, piece, limit)
			switch {
			case test.wantError != "":
				if err == nil || !strings.Contains(err.Error(), test.wantError) {
					t.Errorf("got %v, want %s", err, test.wantError)
				}
			case err != nil || got.simulated != test.want.simulated || got.test != test.want.test || got.violation != test.want.violation || got.ended != test.want.ended:
				t.Errorf("got %+v, %v, want %+v", got, err, test.want)
			}
		})
	}
}

// TestPass: the program without a plant must pass, for about as long as the one with it ran. Each seed is tried once.
func TestPass(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "tests")
	script := "#!/bin/sh\necho $1 $SIM_HOURS >>" + dir + "/runs\necho '" + aViolation + "'\n"
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	s := &simulation{trial: trial{root: "../../.."}, clean: program, passes: map[string]func() error{}}
	for _, after := range []time.Duration{3 * time.Minute, 4 * time.Minute, 30 * time.Second, 0, 20 * time.Minute} {
		err := s.pass(t.Context(), "TestMutex", 3, after)
		if err == nil || !strings.HasPrefix(err.Error(), "without a plant, TestMutex with seed 3, in ") || !strings.HasSuffix(err.Error(), "m0s fails: TestMutex, after 1m2.5s: two holders") {
			t.Errorf("got %v", err)
		}
	}
	want := ""
	for _, length := range []time.Duration{5 * time.Minute, time.Minute, piece} {
		want += fmt.Sprintln("-test.run=(?i)^TestMutex$", length.Hours())
	}
	if runs, err := os.ReadFile(dir + "/runs"); string(runs) != want {
		t.Errorf("got %q, %v, want %q", runs, err, want)
	}
}

func TestBudget(t *testing.T) {
	if got, err := parseBudget("8h in 10m"); err != nil || got != (budget{8 * time.Hour, 10 * time.Minute}) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, odd := range []string{"", "8h", "8h in", "8 in 10m", "8h in 10"} {
		if got, err := parseBudget(odd); err == nil {
			t.Errorf("%q is %v", odd, got)
		}
	}
	for d, want := range map[time.Duration]string{
		1234 * time.Millisecond: "1.2s", 12340 * time.Millisecond: "12s", 10 * time.Minute: "10m",
		2 * time.Hour: "2h", 90 * time.Minute: "1h30m", time.Hour + 5*time.Second: "1h0m5s",
	} {
		if got := short(d); got != want {
			t.Errorf("%d is %s, want %s", d, got, want)
		}
	}
}
