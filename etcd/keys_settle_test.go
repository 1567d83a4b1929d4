package etcd

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
)

func TestRepeatableWriteIsLookedForBeforeItIsSentAgain(t *testing.T) {
	kinds := []struct {
		name    string
		call    func(context.Context, *Client) (*Response, error)
		action  string
		refused http.HandlerFunc
		err     error
		line    string
	}{
		{"Create", create, "create", exists, ErrNodeExist, createLine},
		{"CompareAndSwap by index", swapByIndex, "compareAndSwap", differs, ErrCompareFailed, swapLine},
	}
	for _, k := range kinds {
		done := file(k.action, "/k", token, 8)
		want := k.action + " /k@8"
		rivals := replies{file("set", "/k", "somebody's", 8), file("set", "/k", "other", 9)}
		for _, test := range []settling{
			{
				name: "known at once", script: script{write: replies{done}},
				want: want, sent: []string{headLine, k.line},
			},
			{
				name: "refused at once", script: script{write: replies{k.refused}},
				err: k.err, sent: []string{headLine, k.line},
			},
			{
				name: "applied, and still there", script: script{write: replies{noWord}, read: replies{mine}},
				want: want, sent: []string{headLine, k.line, readLine},
			},
			{
				name: "applied, and overwritten", script: script{write: replies{noWord}, read: replies{theirs}, poll: replies{done}},
				want: want, sent: []string{headLine, k.line, readLine, pollLine},
			},
			{
				name: "applied, and deleted", script: script{write: replies{noWord}, read: replies{gone}, poll: replies{done}},
				want: want, sent: []string{headLine, k.line, readLine, pollLine},
			},
			{
				name: "not applied, and nothing has happened", script: script{write: replies{noWord, done}, read: replies{nothing}},
				want: want, sent: []string{headLine, k.line, readLine, k.line},
			},
			{
				name:   "not applied, and nothing has happened at the key",
				script: script{write: replies{noWord, done}, read: replies{gone}, poll: replies{silent(9)}},
				want:   want, sent: []string{headLine, k.line, readLine, pollLine, k.line},
			},
			{
				name:   "unknown twice",
				script: script{write: replies{noWord, hangup, done}, read: replies{nothing}},
				want:   want, sent: []string{headLine, k.line, readLine, k.line, readLine, k.line},
			},
			{
				name:   "applied by a late copy",
				script: script{write: replies{noWord, k.refused}, read: replies{nothing, mine}},
				want:   want, sent: []string{headLine, k.line, readLine, k.line, readLine},
			},
			{
				name:   "never applied, for somebody else was first",
				script: script{write: replies{noWord, k.refused}, read: replies{theirs}, poll: append(rivals, rivals...)},
				err:    k.err,
				sent:   []string{headLine, k.line, readLine, pollLine, pollLine9, k.line, readLine, pollLine, pollLine9},
			},
			{
				name: "never applied, for what is there was there before", script: script{write: replies{noWord, k.refused}, read: replies{earlier}},
				err: k.err, sent: []string{headLine, k.line, readLine, k.line, readLine},
			},
			{
				// A refresh has an index and no event.
				name:   "never applied, and what is there was refreshed",
				script: script{write: replies{noWord, k.refused}, read: replies{theirs}, poll: replies{rivals[0], silent(9), silent(9), rivals[0], silent(9)}},
				err:    k.err,
				sent:   []string{headLine, k.line, readLine, pollLine, pollLine9, k.line, readLine, pollLine, pollLine9},
			},
			{
				name: "history too short", script: script{write: replies{noWord}, read: replies{theirs}, poll: replies{cleared}},
				err: ErrOutcomeUnknown, sent: []string{headLine, k.line, readLine, pollLine},
			},
			{
				name: "history of a member that is behind", script: script{write: replies{noWord}, read: replies{gone}, poll: replies{silent(8)}},
				err: ErrOutcomeUnknown,
			},
			{
				name: "history that is not told", script: script{write: replies{noWord}, read: replies{gone}, poll: replies{hang}},
				err: ErrOutcomeUnknown,
			},
			{
				name:   "restored, and nothing is there",
				script: script{write: replies{noWord}, read: replies{refusing(404, ErrKeyNotFound, "/k", 6)}},
				err:    ErrOutcomeUnknown, sent: []string{headLine, k.line, readLine},
			},
			{
				name: "begun anew, and as far again", script: script{write: replies{noWord}, read: replies{inTerm("1", gone)}},
				err: ErrOutcomeUnknown, sent: []string{headLine, k.line, readLine},
			},
			{
				name: "restored, and somebody was first", script: script{write: replies{noWord}, read: replies{file("get", "/k", "other", 6)}},
				err: ErrOutcomeUnknown, sent: []string{headLine, k.line, readLine},
			},
			{
				name:   "restored, and it is there",
				script: script{write: replies{noWord}, read: replies{file("get", "/k", token, 5)}},
				want:   k.action + " /k@5", sent: []string{headLine, k.line, readLine},
			},
			{
				name:   "it may be in another cluster",
				script: script{mixed: true, write: replies{noWord}, read: replies{nothing}},
				err:    ErrOutcomeUnknown, sent: []string{headLine, k.line, readLine},
			},
			{
				name:   "it was there, in any cluster",
				script: script{mixed: true, write: replies{noWord}, read: replies{gone}, poll: replies{done}},
				want:   want, sent: []string{headLine, k.line, readLine, pollLine},
			},
			{
				name: "read fails at first", script: script{write: replies{noWord}, read: replies{failing, mine}},
				want: want, sent: []string{headLine, k.line, readLine, readLine},
			},
		} {
			test.call, test.script.head = k.call, before
			t.Run(k.name+"/"+test.name, test.check)
		}
	}
}

// A directory is there now. It was made after the write, or was there before and left no room for a file.
func TestCreateWhereADirectoryIs(t *testing.T) {
	old := keys(200, 9, `{"action":"get","node":{"key":"/k","dir":true,"modifiedIndex":8,"createdIndex":4}}`)
	for _, test := range []settling{
		{
			name: "for long", script: script{write: replies{noWord, exists}, read: replies{old}},
			err: ErrNodeExist, sent: []string{headLine, createLine, readLine, createLine, readLine},
		},
		{
			name:   "in place of the file",
			script: script{write: replies{noWord}, read: replies{directory("/k", 9)}, poll: replies{file("create", "/k", token, 8)}},
			want:   "create /k@8", sent: []string{headLine, createLine, readLine, pollLine},
		},
		{
			name:   "since",
			script: script{write: replies{noWord, exists}, read: replies{directory("/k", 9)}, poll: replies{silent(9)}},
			err:    ErrNodeExist, sent: []string{headLine, createLine, readLine, pollLine, createLine, readLine, pollLine},
		},
	} {
		test.call, test.script.head = create, before
		t.Run(test.name, test.check)
	}
}

func TestEmptyValueIsNotUnique(t *testing.T) {
	option := WithUniqueValue()
	unsendable{
		"create": func(ctx context.Context, c *Client) error { _, err := c.Create(ctx, "/k", "", option); return err },
		"compare and swap": func(ctx context.Context, c *Client) error {
			_, err := c.CompareAndSwap(ctx, "/k", "", Prev{Index: 5}, option)
			return err
		},
		"create in order": func(ctx context.Context, c *Client) error {
			_, err := c.CreateInOrder(ctx, "/k", "", option)
			return err
		},
	}.check(t)
}

func TestWithoutWithUniqueValueNothingIsSettled(t *testing.T) {
	for _, name := range []string{"Create", "CompareAndSwap", "CreateInOrder"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := script{write: replies{noWord}}
				client, member := s.client(t)
				checkIs(t, every[name](t.Context(), client), ErrOutcomeUnknown)
				check(t, "requests", len(member.got()), 1)
			})
		})
	}
}
