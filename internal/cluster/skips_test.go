package cluster

import (
	"net/http"
	"strconv"
	"testing"
)

func TestMayHaveSkipped(t *testing.T) {
	open := func(entry int) *Open {
		header := http.Header{}
		if entry > 0 {
			header.Set("X-Raft-Index", strconv.Itoa(entry))
		}
		return &Open{Reply: Reply{Response: &http.Response{Header: header}}}
	}
	for name, test := range map[string]struct {
		before, after int
		want          bool
	}{
		"nothing has happened":                {1000, 1000, false},
		"less than a snapshot hides":          {1000, 1000 + logLeap, false},
		"as much as a snapshot may hide":      {1000, 1001 + logLeap, true},
		"the cluster was restored":            {9000, 1000, false},
		"a gateway has removed the first":     {0, 9000, false},
		"a gateway has removed the second":    {1000, 0, false},
		"a gateway has removed both of these": {0, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			check(t, "may have skipped", open(test.before).MayHaveSkipped(open(test.after)), test.want)
		})
	}
}
