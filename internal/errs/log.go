package errs

import (
	"errors"
	"log/slog"
)

// LogValue returns attrs for a log and, if err is not nil, the error. If a server's reply is in its chain, that
// is told without the words of the server, which may hold values.
func LogValue(err error, attrs ...slog.Attr) slog.Value {
	var reply interface{ Unquoted() string }
	switch {
	case errors.As(err, &reply):
		attrs = append(attrs, slog.String("error", reply.Unquoted()))
	case err != nil:
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	return slog.GroupValue(attrs...)
}
