package gateway_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/etcdv2/client/etcd"
)

const (
	plantedSteps   = 400
	plantedAnswers = 40 // of a hundred requests, so that a bug has many occasions
)

var errTakenForRefusal = errors.New("a 4xx, so it was not applied")

// any4xxIsNo takes every 4xx for the refusal of a write.
func any4xxIsNo(c *call, steps []step, _ func()) bool {
	if c.reads() || c.err == nil || !answered(steps, 400, 499) {
		return false
	}
	c.err = errTakenForRefusal
	return true
}

// lowIsYes takes every status below 400 for the success of a write.
func lowIsYes(c *call, steps []step, _ func()) bool {
	if c.reads() || c.err == nil || !answered(steps, 100, 399) {
		return false
	}
	c.resp, c.err = &etcd.Response{Node: &etcd.Node{Key: c.key, Value: c.value}}, nil
	return true
}

// unknownIsRepeated makes a write of unknown outcome again.
func unknownIsRepeated(c *call, _ []step, again func()) bool {
	if c.reads() || c.fate() != unknown {
		return false
	}
	again()
	return true
}

// any4xxIsAbsence takes every 4xx for the absence of the key that was read.
func any4xxIsAbsence(c *call, steps []step, _ func()) bool {
	if !c.reads() || !answered(steps, 400, 499) {
		return false
	}
	c.resp, c.err = nil, fmt.Errorf("get %s: %w", c.key, etcd.ErrKeyNotFound)
	return true
}

// answered reports whether a gateway has answered with a status between from and to, both included.
func answered(steps []step, from, to int) bool {
	return slices.ContainsFunc(steps, func(s step) bool { return s.status >= from && s.status <= to })
}

// The checks of TestGatewaysThatAnswerThemselves find bugs that were put into the client. Those of the
// simulation are planted by make sim-plants.
func TestPlantedBugsAreFound(t *testing.T) {
	if os.Getenv("GATEWAY_STEPS") == "" {
		t.Skip("make chaos plants them")
	}
	other := embedded35.start(t, 1)
	for name, planted := range map[string]bug{
		"any 4xx is a refusal of a write":         any4xxIsNo,
		"any status below 400 is a success":       lowIsYes,
		"an unknown outcome has a write repeated": unknownIsRepeated,
		"any 4xx shows that a key is missing":     any4xxIsAbsence,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRun(t, plantedSteps)
			r.fail = func(string, ...any) {}
			s := newScene(r, embedded35.start(t, 1), other, plantedAnswers, planted)
			s.play()
			s.audit().check()
			r.summarize()
			if r.counted("lies of a planted bug") == 0 {
				t.Error("the bug was not found")
			}
		})
	}
}
