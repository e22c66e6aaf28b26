// Package spelling finds what a misspelled name was most likely meant to be.
package spelling

import (
	"slices"
	"strings"
)

// Nearest is the first of the names that takes the fewest letters changed, added or left out to become
// name, and how many these are. Upper and lower case are the same. It is "" if there are no names.
func Nearest(names []string, name string) (near string, apart int) {
	if len(names) == 0 {
		return "", 0
	}
	near = slices.MinFunc(names, func(a, b string) int { return distance(a, name) - distance(b, name) })
	return near, distance(near, name)
}

func distance(from, to string) int {
	from, to = strings.ToLower(from), strings.ToLower(to)
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(from) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(to) {
			changed := diagonal
			if from[i] != to[j] {
				changed++
			}
			diagonal = row[j+1]
			row[j+1] = min(changed, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(to)]
}
