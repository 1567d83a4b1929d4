package cluster

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"github.com/etcdv2/client/internal/errs"
)

// pass takes a reply of a member that calls go to for an answer, unless it is from another cluster.
func (i *identity) pass(resp *http.Response) error {
	if _, err := i.author(resp); err != nil {
		return err
	}
	_, err := i.learn(resp, true)
	return err
}

// replyOf is a reply with the headers that tell which cluster answered, and how far it has come.
func replyOf(id string) *http.Response {
	resp := &http.Response{Header: http.Header{}}
	if id != "" {
		resp.Header.Set("X-Etcd-Cluster-Id", id)
	}
	return resp
}

func TestConfiguredClusterID(t *testing.T) {
	tests := []struct {
		name, expected, told string
		passes               bool
	}{
		{"same", "7e27652122e8b2ae", "7e27652122e8b2ae", true},
		{"upper case", "7E27652122E8B2AE", "7e27652122e8b2ae", true},
		// Etcd leaves leading zeros out, other tools print them.
		{"leading zeros", "00027652122E8b2ae", "27652122e8b2ae", true},
		{"leading zeros told", "27652122e8b2ae", "00027652122e8b2ae", true},
		{"zero", "0", "00", true},
		{"another", "7e27652122e8b2ae", "cdf818194e3a8c32", false},
		{"longer", "7e27652122e8b2ae", "7e27652122e8b2ae0", false},
		{"shorter", "7e27652122e8b2ae", "7e27652122e8b2a", false},
		// Etcd 0.x, a proxy's page, and /version tell none.
		{"none told", "7e27652122e8b2ae", "", true},
		{"any", AnyCluster, "cdf818194e3a8c32", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			id := identity{expected: test.expected}
			err := id.pass(replyOf(test.told))
			if test.passes {
				check(t, "error", err, error(nil))
			} else {
				checkIs(t, err, errs.ErrWrongCluster)
			}
		})
	}
}

func TestFirstAnswersClusterIsKeptTo(t *testing.T) {
	var id identity
	check(t, "an answer without an ID", id.pass(replyOf("")), error(nil))
	check(t, "the first ID", id.pass(replyOf("a1")), error(nil))
	checkIs(t, id.pass(replyOf("b2")), errs.ErrWrongCluster)
	check(t, "the first ID again", id.pass(replyOf("a1")), error(nil))
	check(t, "an answer without an ID", id.pass(replyOf("")), error(nil))
}

func TestAnyClusterLearnsNone(t *testing.T) {
	id := identity{expected: AnyCluster}
	for _, told := range []string{"a1", "b2", "a1"} {
		check(t, told, id.pass(replyOf(told)), error(nil))
	}
	id.saw(indexed("a1", 7))
	check(t, "floor", id.floor(), uint64(0)) // one cluster's index says nothing of another's
}

// Of answers that come at the same time one decides for all.
func TestFirstAnswersAtOnceAgreeOnOneCluster(t *testing.T) {
	var id identity
	ids := []string{"a1", "b2"}
	passed := make([]error, 40)
	var calls sync.WaitGroup
	for i := range passed {
		calls.Go(func() { passed[i] = id.pass(replyOf(ids[i%2])) })
	}
	calls.Wait()
	for i, err := range passed {
		check(t, ids[i%2]+" passes as at first", err == nil, passed[i%2] == nil)
	}
	check(t, "one of the two passes", passed[0] == nil, passed[1] != nil)
}

// indexed is a reply that tells an index.
func indexed(id string, index uint64) *http.Response {
	resp := replyOf(id)
	resp.Header.Set("X-Etcd-Index", strconv.FormatUint(index, 10))
	return resp
}

func TestFloorIsTheHighestIndexSeen(t *testing.T) {
	for name, told := range map[string]string{"with an ID": "a1", "etcd 0.x": ""} {
		var id identity
		for _, index := range []uint64{5, 9, 0, 7} {
			check(t, "error", id.pass(indexed(told, index)), error(nil))
			id.saw(indexed(told, index))
		}
		check(t, name+": floor", id.floor(), uint64(9))
		var calls sync.WaitGroup
		for index := range uint64(100) {
			calls.Go(func() { id.saw(indexed(told, index)) })
		}
		calls.Wait()
		check(t, name+": floor", id.floor(), uint64(99))
	}
}

// A page without an ID may be anybody's, and its index anything.
func TestIndexOfAPageWithoutAnIDDoesNotCount(t *testing.T) {
	for name, id := range map[string]*identity{"configured": {expected: "a1"}, "learned": {}} {
		id.saw(indexed("", math.MaxUint64))
		check(t, "error", id.pass(indexed("a1", 7)), error(nil))
		id.saw(indexed("a1", 7))
		id.saw(indexed("", math.MaxUint64))
		check(t, name+": floor", id.floor(), uint64(7))
	}
}

// A page may have any header, so only what has been found to be an answer teaches.
func TestHeaderAloneTeachesNothing(t *testing.T) {
	var id identity
	for _, told := range []string{"b2", "", "b2"} {
		author, err := id.author(replyOf(told))
		check(t, "author before an answer", []any{author, err}, []any{Unidentified, nil})
	}
	check(t, "known", id.known(), false)
	check(t, "the first answer", id.pass(replyOf("a1")), error(nil))
	for told, want := range map[string]Author{"a1": ThisCluster, "": Nameless, "b2": OtherCluster} {
		author, err := id.author(replyOf(told))
		check(t, "author of "+told, author, want)
		check(t, "error of "+told, errors.Is(err, errs.ErrWrongCluster), want == OtherCluster)
	}
	anyID := identity{expected: AnyCluster}
	author, err := anyID.author(replyOf("b2"))
	check(t, "author where any cluster will do", []any{author, err}, []any{Unidentified, nil})
}

// A member that was only heard of cannot say which cluster the client is for.
func TestOnlyMembersTeachTheID(t *testing.T) {
	var id identity
	author, err := id.learn(replyOf("b2"), false)
	check(t, "before any is known", []any{author, err}, []any{OtherCluster, nil})
	author, err = id.learn(replyOf(""), false)
	check(t, "without an ID, before any is known", []any{author, err}, []any{Unidentified, nil})
	check(t, "the first ID", id.pass(replyOf("a1")), error(nil))
	author, err = id.learn(replyOf("a1"), false)
	check(t, "of the same", []any{author, err}, []any{ThisCluster, nil})
	author, err = id.learn(replyOf("b2"), false)
	check(t, "of another", author, OtherCluster)
	checkIs(t, err, errs.ErrWrongCluster)
	author, err = id.learn(replyOf(""), false)
	check(t, "without an ID", []any{author, err}, []any{Nameless, nil})
}
