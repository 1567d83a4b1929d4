package contexts

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Ended is the error of a call whose context has ended. It unwraps to the context's error, and to nothing
// else: the cause is only in its text.
type Ended struct {
	err  error
	text string
}

// Error returns the text of the context's error, followed by the text of the cause if there is one.
func (e *Ended) Error() string { return e.text }

// Unwrap returns the context's error.
func (e *Ended) Unwrap() error { return e.err }

// Err returns an *Ended if ctx has ended, else nil.
func Err(ctx context.Context) error {
	err := ctx.Err()
	if err == nil {
		return nil
	}
	text := err.Error()
	if cause := context.Cause(ctx); cause != nil && cause.Error() != text {
		text += ": " + cause.Error()
	}
	return &Ended{err, text}
}

// Why returns Err(caller) if caller has ended, else the cause of own if that has ended, else nil. The caller
// can have no influence on the cause of own while its own context lives.
func Why(caller, own context.Context) error {
	if err := Err(caller); err != nil {
		return err
	}
	return context.Cause(own)
}

// Join returns err, or, if a call that returns err was also ended by ctx, an error that unwraps to both.
func Join(ctx context.Context, err error) error {
	ended := Err(ctx)
	if ended == nil || err == nil {
		return err
	}
	if errors.Is(err, ctx.Err()) && strings.Contains(err.Error(), ended.Error()) {
		return err // it says so already
	}
	return fmt.Errorf("%w; then %w", err, ended)
}
