// Package store keeps graphs on disk, one snapshot a build.
package store
