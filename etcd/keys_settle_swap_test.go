package etcd

import (
	"net/http"
	"testing"
)

func TestSwapByValueBecomesOneByIndex(t *testing.T) {
	old := file("get", "/k", "old", 7)
	done := file("compareAndSwap", "/k", token, 8)
	const read, swap = readLine, "PUT /v2/keys/k?prevIndex=7 value=" + token
	for _, test := range []settling{
		{
			name: "known at once", script: script{read: replies{old}, write: replies{done}},
			want: "compareAndSwap /k@8", sent: []string{read, swap},
		},
		{
			name: "another value", script: script{read: replies{theirs}},
			err: ErrCompareFailed, sent: []string{read},
		},
		{
			name: "no value", script: script{read: replies{gone}},
			err: ErrKeyNotFound, sent: []string{read},
		},
		{
			name: "not applied at first", script: script{read: replies{old}, write: replies{noWord, done}},
			want: "compareAndSwap /k@8", sent: []string{read, swap, read, swap},
		},
		{
			name: "applied, and still there", script: script{read: replies{old, mine}, write: replies{noWord}},
			want: "compareAndSwap /k@8", sent: []string{read, swap, read},
		},
		{
			name: "applied, and overwritten", script: script{read: replies{old, theirs}, write: replies{noWord}, poll: replies{done}},
			want: "compareAndSwap /k@8", sent: []string{read, swap, read, pollLine},
		},
		{
			name: "never applied, and another value now",
			script: script{
				read: replies{old, theirs}, write: replies{noWord, refusing(412, ErrCompareFailed, "[7 != 9]", 9)}, poll: replies{file("set", "/k", "other", 9)},
			},
			err: ErrCompareFailed, sent: []string{read, swap, read, pollLine, swap, read, pollLine, read},
		},
		{
			name:   "history too short",
			script: script{read: replies{old, theirs}, write: replies{noWord}, poll: replies{cleared}},
			err:    ErrOutcomeUnknown, sent: []string{read, swap, read, pollLine},
		},
	} {
		test.call = swapByValue
		t.Run(test.name, test.check)
	}
}

// It could be applied twice.
func TestCreateInOrderIsLookedForAndNeverSentAgain(t *testing.T) {
	listing := func(children string) http.HandlerFunc {
		return keys(200, 9, `{"action":"get","node":{"key":"/k","dir":true,"nodes":[`+children+`],"modifiedIndex":4,"createdIndex":4}}`)
	}
	const (
		other = `{"key":"/k/6","value":"other","modifiedIndex":6,"createdIndex":6}`
		ours  = `{"key":"/k/8","value":"` + token + `","modifiedIndex":8,"createdIndex":8}`
	)
	for _, test := range []settling{
		{
			"there", inOrderOf,
			script{head: before, write: replies{noWord}, read: replies{listing(other + "," + ours)}},
			"create /k/8@8", nil,
			[]string{headLine, postLine, readLine},
		},
		{
			"deleted since", inOrderOf,
			script{
				head: before, write: replies{noWord}, read: replies{listing(other)},
				poll: replies{file("create", "/k/8", token, 8)},
			},
			"create /k/8@8", nil,
			[]string{headLine, postLine, readLine, deepLine},
		},
		{
			"behind another", inOrderOf,
			script{
				head: before, write: replies{noWord}, read: replies{listing(other)},
				poll: replies{file("create", "/k/8", "another", 8), file("create", "/k/9", token, 9)},
			},
			"create /k/9@9", nil,
			[]string{headLine, postLine, readLine, deepLine, deepLine9},
		},
		{
			"the directory is gone", inOrderOf,
			script{head: before, write: replies{noWord}, read: replies{gone}, poll: replies{silent(9)}},
			"", ErrOutcomeUnknown,
			[]string{headLine, postLine, readLine, deepLine},
		},
		{
			"nowhere", inOrderOf,
			script{head: before, write: replies{noWord}, read: replies{listing("")}, poll: replies{silent(9)}},
			"", ErrOutcomeUnknown,
			[]string{headLine, postLine, readLine, deepLine},
		},
		{
			"history too short", inOrderOf,
			script{head: before, write: replies{noWord}, read: replies{listing(other)}, poll: replies{cleared}},
			"", ErrOutcomeUnknown,
			[]string{headLine, postLine, readLine, deepLine},
		},
		{
			"read fails at first", inOrderOf,
			script{head: before, write: replies{noWord}, read: replies{failing, listing(ours)}},
			"create /k/8@8", nil,
			[]string{headLine, postLine, readLine, readLine},
		},
		{
			"known at once", inOrderOf,
			script{head: before, write: replies{file("create", "/k/8", token, 8)}},
			"create /k/8@8", nil,
			[]string{headLine, postLine},
		},
	} {
		t.Run(test.name, test.check)
	}
}
