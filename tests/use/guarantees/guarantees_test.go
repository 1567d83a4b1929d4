// Package guarantees_test holds docs/guarantees.md to the tests that there are.
package guarantees_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../../.."

var (
	folder = regexp.MustCompile("`([a-z]+(?:/[a-z0-9]+)*)`((?:,? Test[A-Za-z0-9]+)*)")
	test   = regexp.MustCompile(`Test[A-Za-z0-9]+`)
)

// Every test that the page names is in the folder that it names, and every guarantee has one.
func TestPageNamesTests(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "guarantees.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, " | ")
		if !strings.HasPrefix(line, "| ") || len(cells) != 2 || strings.HasPrefix(line, "| guarantee") {
			continue
		}
		rows++
		held := 0
		for _, match := range folder.FindAllStringSubmatch(cells[1], -1) {
			source := sourceOf(t, match[1])
			for _, name := range test.FindAllString(match[2], -1) {
				held++
				if !strings.Contains(source, "func "+name+"(t *testing.T)") {
					t.Errorf("%s has no %s", match[1], name)
				}
			}
			if match[2] == "" && strings.Contains(source, "func Test") {
				held++ // the whole folder
			}
		}
		if held == 0 {
			t.Errorf("no test holds %s", cells[0])
		}
	}
	if rows == 0 {
		t.Error("the page has no rows of the form that is looked for")
	}
}

// sourceOf returns the text of the tests in a folder.
func sourceOf(t *testing.T, folder string) string {
	files, err := filepath.Glob(filepath.Join(root, folder, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Errorf("there are no tests in %s: %v", folder, err)
	}
	var all strings.Builder
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}
