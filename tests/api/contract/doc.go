// Package contract says what real etcd servers answer to each request of the v2 API, as tables of cases, and proves that
// they do, and that api/openapi.yaml declares all of it. Its tables are meant to be read: cases_*_test.go, by subject.
//
//	make contract                                  etcd 2.0.5, 2.3.8, 3.3.27, 3.4.23 and 3.5.35, coverage, mutants, other clients
//	ETCD_ENDPOINTS=http://a,http://b make contract your cluster; CONTRACT_READONLY=1 writes nothing to it
//
// The tables begin with etcd 2.0. A server before it is asked for its version alone: there, a HEAD with wait=true leaves a
// watcher behind. The emulation of v2 on the v3 store (--experimental-enable-v2v3) is another implementation, and is named.
//
// `make test` runs the cases on etcd 2.3.8 and 3.5.35 without the slow ones.
package contract
