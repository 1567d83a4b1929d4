// Package faultproxy stands between a client and an etcd member and breaks what passes, on command.
//
// A Proxy knows HTTP: it can let a write be applied and then drop the reply, which no fault of the
// network alone does on command. It counts what it forwards, so that "reached the server exactly
// once" is measured and not believed. Headers pass as they are, Host included; a body that comes in
// chunks goes on with its length. A Relay makes connections dead for ever without closing them.
//
// Package faultlink, a module of its own, loses bytes, holds them back or cuts the connection.
package faultproxy
