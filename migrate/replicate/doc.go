// Package replicate
package replicate
