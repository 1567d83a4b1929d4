package contexts_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/etcdv2/client/election"
	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
)

// own are all exported error values of the library.
var own = map[string]error{
	"etcd.ErrKeyNotFound": etcd.ErrKeyNotFound, "etcd.ErrCompareFailed": etcd.ErrCompareFailed, "etcd.ErrNotFile": etcd.ErrNotFile,
	"etcd.ErrNotDir": etcd.ErrNotDir, "etcd.ErrNodeExist": etcd.ErrNodeExist, "etcd.ErrRootReadOnly": etcd.ErrRootReadOnly,
	"etcd.ErrDirNotEmpty": etcd.ErrDirNotEmpty, "etcd.ErrUnauthorized": etcd.ErrUnauthorized,
	"etcd.ErrPrevValueRequired": etcd.ErrPrevValueRequired, "etcd.ErrTTLNotNumber": etcd.ErrTTLNotNumber,
	"etcd.ErrIndexNotNumber": etcd.ErrIndexNotNumber, "etcd.ErrValueOrTTLRequired": etcd.ErrValueOrTTLRequired,
	"etcd.ErrInvalidField": etcd.ErrInvalidField, "etcd.ErrInvalidForm": etcd.ErrInvalidForm,
	"etcd.ErrRefreshValue": etcd.ErrRefreshValue, "etcd.ErrRefreshTTLRequired": etcd.ErrRefreshTTLRequired,
	"etcd.ErrRaftInternal": etcd.ErrRaftInternal, "etcd.ErrLeaderElect": etcd.ErrLeaderElect,
	"etcd.ErrWatcherCleared": etcd.ErrWatcherCleared, "etcd.ErrEventIndexCleared": etcd.ErrEventIndexCleared,
	"etcd.ErrOutcomeUnknown": etcd.ErrOutcomeUnknown, "etcd.ErrInvalidArgument": etcd.ErrInvalidArgument,
	"etcd.ErrWrongCluster": etcd.ErrWrongCluster, "etcd.ErrClusterRolledBack": etcd.ErrClusterRolledBack,
	"etcd.ErrClosed": etcd.ErrClosed, "etcd.ErrTaken": etcd.ErrTaken, "etcd.ErrNotSupported": etcd.ErrNotSupported,
	"etcd.ErrUnhealthy": etcd.ErrUnhealthy, "etcd.ErrNotStarted": etcd.ErrNotStarted,
	"etcd.ErrMemberNotFound": etcd.ErrMemberNotFound, "etcd.ErrMemberExists": etcd.ErrMemberExists,
	"etcd.ErrMemberRemoved": etcd.ErrMemberRemoved, "etcd.ErrUserNotFound": etcd.ErrUserNotFound,
	"etcd.ErrUserExists": etcd.ErrUserExists, "etcd.ErrRoleNotFound": etcd.ErrRoleNotFound,
	"etcd.ErrRoleExists": etcd.ErrRoleExists, "etcd.ErrAlreadyGranted": etcd.ErrAlreadyGranted,
	"etcd.ErrNotGranted": etcd.ErrNotGranted, "etcd.ErrNoRootUser": etcd.ErrNoRootUser,
	"etcd.ErrAuthEnabled": etcd.ErrAuthEnabled, "etcd.ErrAuthNotReady": etcd.ErrAuthNotReady,
	"locking.ErrLost": locking.ErrLost, "locking.ErrUnlocked": locking.ErrUnlocked,
	"locking.ErrLocked": locking.ErrLocked, "locking.ErrNotHeld": locking.ErrNotHeld, "locking.ErrOtherLimit": locking.ErrOtherLimit,
	"election.ErrNoLeader": election.ErrNoLeader,
}

// declarations returns all declarations of the three packages that users import.
func declarations(t *testing.T) map[string][]ast.Decl {
	t.Helper()
	all := map[string][]ast.Decl{}
	for _, name := range []string{"etcd", "locking", "election"} {
		paths, err := filepath.Glob("../../" + name + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			all[name] = append(all[name], file.Decls...)
		}
	}
	return all
}

// A call that is new must be tried with contexts that end, and an error that is new with transports that
// return it.
func TestTablesNameAllCallsAndErrors(t *testing.T) {
	known := map[string]bool{}
	for name := range without {
		known[name] = true
	}
	for _, table := range []map[string]call{reads, writes} {
		for name := range table {
			name, _, _ = strings.Cut(name, ",")
			known[name] = true
		}
	}
	for name := range own {
		known[name] = true
	}
	var exported []string
	for pkg, decls := range declarations(t) {
		for _, decl := range decls {
			for _, name := range append(callsIn(decl), errorsIn(decl)...) {
				exported = append(exported, pkg+"."+name)
			}
		}
	}
	for _, name := range exported {
		if !known[name] {
			t.Errorf("%s is in none of the tables", name)
		}
		delete(known, name)
	}
	for name := range known {
		t.Errorf("%s is in a table, but not exported", name)
	}
}

// callsIn returns the name of the function that decl exports, if it takes a context.
func callsIn(decl ast.Decl) []string {
	f, ok := decl.(*ast.FuncDecl)
	if !ok || !f.Name.IsExported() || !slices.ContainsFunc(f.Type.Params.List, isContext) {
		return nil
	}
	if f.Recv == nil {
		return []string{f.Name.Name}
	}
	receiver := f.Recv.List[0].Type
	if pointer, ok := receiver.(*ast.StarExpr); ok {
		receiver = pointer.X
	}
	if !ast.IsExported(fmt.Sprint(receiver)) {
		return nil
	}
	return []string{fmt.Sprint(receiver) + "." + f.Name.Name}
}

func isContext(parameter *ast.Field) bool {
	selector, ok := parameter.Type.(*ast.SelectorExpr)
	return ok && fmt.Sprintf("%s.%s", selector.X, selector.Sel) == "context.Context"
}

// errorsIn returns the names of the error values that decl exports.
func errorsIn(decl ast.Decl) (names []string) {
	values, ok := decl.(*ast.GenDecl)
	if !ok {
		return nil
	}
	for _, spec := range values.Specs {
		if value, ok := spec.(*ast.ValueSpec); ok {
			for _, name := range value.Names {
				if strings.HasPrefix(name.Name, "Err") {
					names = append(names, name.Name)
				}
			}
		}
	}
	return names
}
