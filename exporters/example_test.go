package exporters_test

import (
	"fmt"
	"log"
	"os"

	"papergraph/exporters"
	"papergraph/graph"
)

func ExampleCSV() {
	lora, glue := graph.NewID(graph.KindMethod, "LoRA"), graph.NewID(graph.KindDataset, "GLUE")
	view := graph.View{
		Nodes: []graph.Node{{ID: lora, Name: "LoRA"}, {ID: glue, Name: "GLUE"}},
		Edges: []graph.Edge{{From: lora, Relation: graph.EvaluatedOn, To: glue, Statements: []graph.Statement{{Class: graph.Curated, Rule: "lexicon", Confidence: 1}}}},
	}
	if err := exporters.CSV(os.Stdout, &view); err != nil {
		log.Fatal(err)
	}
	// Output:
	// from,fromName,relation,to,toName,class,support,confidence,paper,paperTitle,field,start,end,quote,rule
	// method:lora,LoRA,evaluatedOn,dataset:glue,GLUE,CURATED,0,1,,,,,,,lexicon
}

func ExampleCountNodes() {
	n, err := exporters.CountNodes([]byte(`digraph { LoRA -> GLUE [label="evaluated on"] }`))
	fmt.Println(n, err)
	// Output: 2 <nil>
}
