// Pages through all papers with the client that genqlient generates from the
// schema, and prints what it saw.
//
//	go run . URL
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"github.com/Khan/genqlient/graphql"
)

func main() {
	if err := run(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, url string) error {
	client := graphql.NewClient(url, http.DefaultClient)
	var seen struct {
		Total int      `json:"total"`
		IDs   []string `json:"ids"`
	}
	for after := (*string)(nil); ; {
		page, err := Papers(ctx, client, 10, after)
		if err != nil {
			return err
		}
		for _, edge := range page.Papers.Edges {
			seen.IDs = append(seen.IDs, edge.Node.Id)
			if edge.Node.Connections == nil {
				return fmt.Errorf("%s has no connections", edge.Node.Id)
			}
			for _, c := range edge.Node.Connections.Edges {
				if m, ok := c.Node.(*PaperPartsConnectionsEntityConnectionEdgesEntityEdgeNodeMethod); ok && m.Name == "" {
					return fmt.Errorf("%s %s a method without a name", edge.Node.Id, *c.Relation)
				}
			}
		}
		seen.Total = page.Papers.TotalCount
		if !page.Papers.PageInfo.HasNextPage {
			break
		}
		after = page.Papers.PageInfo.EndCursor
	}
	return json.NewEncoder(os.Stdout).Encode(seen)
}
