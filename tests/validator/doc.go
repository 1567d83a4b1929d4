// Package validator compares a program's traffic with the description of the etcd v2 API, api/openapi.yaml:
//
//	spec, err := validator.Load(api.Spec())
//	client := &http.Client{Transport: &validator.Transport{
//		Spec:   spec,
//		Report: func(f validator.Finding) { log.Print(f) },
//	}}
//
// A program that is not written in Go is pointed at a [Proxy] instead of at the server.
//
// What the description does not declare is a [Finding]: a path, method, status, parameter, form field, JSON field,
// header, media type or enum value, and so is what has another type or lacks what is required. So are texts that
// programs read in different ways: two documents in one answer, a name or a header twice, what is not UTF-8. Findings
// have names and never values. Nothing is ever refused or changed: requests and answers go through as they are, errors
// included, and bodies as they come. The events of a watch are checked as they pass, those of a stream one by one.
//
// The file testdata/exchanges.txt lists what is found and what is not, for validators in any language.
//
// # What is not checked
//
//   - Headers that belong to HTTP rather than to the API: see [Transport.Ignore].
//   - The answer to a request whose path or method is not declared, as nothing says what it should be.
//   - Bodies of redirects: a line of HTML for people. Trailers.
//   - What the description says in words only, such as which segments a key must not have.
//   - Whether an answer is true. That takes test cases, see tests/api/contract.
package validator
