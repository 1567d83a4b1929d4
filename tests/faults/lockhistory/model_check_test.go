//go:build unix

package lockhistory_test

import (
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// op is something that lasted from one moment to another.
func op(from, to int64, in act, out outcome) porcupine.Operation {
	return porcupine.Operation{Call: from, Return: to, Input: in, Output: out}
}

func take(from, to int64, lock int, token uint64) porcupine.Operation {
	return op(from, to, act{verb: acquire, lock: lock, token: token, ttl: time.Second}, outcome{})
}

func read(from, to int64, lock int, token uint64) porcupine.Operation {
	return op(from, to, act{verb: acquire, lock: lock, token: token, shared: true}, outcome{})
}

func do(from, to int64, verb verb, lock int) porcupine.Operation {
	return op(from, to, act{verb: verb, lock: lock}, outcome{})
}

// The model is worth what it finds: each kind of lie, and nothing else.
func TestModelFindsLies(t *testing.T) {
	failed := outcome{failed: true}
	for name, test := range map[string]struct {
		kind kind
		ops  []porcupine.Operation
		want porcupine.CheckResult
	}{
		"one after the other":        {mutex, []porcupine.Operation{take(1, 2, 1, 5), do(3, 5, unlock, 1), take(1, 6, 2, 7), do(7, 8, unlock, 2)}, porcupine.Ok},
		"taken while it is unlocked": {mutex, []porcupine.Operation{take(1, 2, 1, 5), do(3, 6, unlock, 1), take(1, 4, 2, 7)}, porcupine.Ok},
		"two at a time":              {mutex, []porcupine.Operation{take(1, 2, 1, 5), take(1, 3, 2, 7), do(4, 5, unlock, 1)}, porcupine.Illegal},
		"after a context's end":      {mutex, []porcupine.Operation{take(1, 2, 1, 5), do(3, 9, lose, 1), take(1, 4, 2, 7)}, porcupine.Ok},
		"before a context's end":     {mutex, []porcupine.Operation{take(1, 2, 1, 5), do(4, 9, lose, 1), take(1, 3, 2, 7)}, porcupine.Illegal},
		"lost as soon as taken":      {mutex, []porcupine.Operation{take(1, 4, 1, 5), do(3, 9, lose, 1), take(5, 6, 2, 7)}, porcupine.Ok},
		"never over":                 {mutex, []porcupine.Operation{take(1, 2, 1, 5), take(8, 9, 2, 7)}, porcupine.Illegal},
		"a token that is not more":   {mutex, []porcupine.Operation{take(1, 2, 1, 5), do(3, 4, unlock, 1), take(5, 6, 2, 5)}, porcupine.Illegal},
		"unlocked what is lost":      {mutex, []porcupine.Operation{take(1, 2, 1, 5), do(3, 4, lose, 1), do(5, 6, unlock, 1)}, porcupine.Illegal},
		"an unlock says it is lost":  {mutex, []porcupine.Operation{take(1, 2, 1, 5), do(3, 4, lose, 1), op(5, 6, act{verb: unlock, lock: 1}, failed)}, porcupine.Ok},
		"extended what is lost":      {mutex, []porcupine.Operation{take(1, 2, 1, 5), do(3, 4, lose, 1), op(5, 6, act{verb: extend, lock: 1}, outcome{})}, porcupine.Illegal},
		"extended by less":           {mutex, []porcupine.Operation{take(1, 2, 1, 5), op(5, 6, act{verb: extend, lock: 1, ttl: 2}, outcome{granted: 1})}, porcupine.Illegal},
		"extended":                   {mutex, []porcupine.Operation{take(1, 2, 1, 5), op(5, 6, act{verb: extend, lock: 1, ttl: 2}, outcome{granted: 2})}, porcupine.Ok},
		"renamed after its unlock":   {mutex, []porcupine.Operation{take(1, 2, 1, 5), do(3, 4, unlock, 1), do(5, 6, setValue, 1)}, porcupine.Illegal},
		"readers":                    {rwMutex, []porcupine.Operation{read(1, 2, 1, 5), read(1, 3, 2, 4)}, porcupine.Ok},
		"a writer beside a reader":   {rwMutex, []porcupine.Operation{read(1, 2, 1, 5), take(3, 4, 2, 6)}, porcupine.Illegal},
		"a reader beside a writer":   {rwMutex, []porcupine.Operation{take(1, 2, 1, 5), read(3, 4, 2, 6)}, porcupine.Illegal},
		"a reader's token":           {rwMutex, []porcupine.Operation{take(1, 2, 1, 5), do(3, 4, unlock, 1), read(5, 6, 2, 4)}, porcupine.Illegal},
		"slots":                      {semaphore, []porcupine.Operation{take(1, 2, 1, 5), take(1, 3, 2, 4)}, porcupine.Ok},
		"more than slots":            {semaphore, []porcupine.Operation{take(1, 2, 1, 5), take(1, 3, 2, 6), take(1, 3, 3, 7)}, porcupine.Illegal},
	} {
		if got := porcupine.CheckOperationsTimeout(test.kind.model(), test.ops, checkLimit); got != test.want {
			t.Errorf("%s: it is %v, want %v", name, got, test.want)
		}
	}
}
