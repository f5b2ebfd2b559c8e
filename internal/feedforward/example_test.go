package feedforward_test

import (
	"bytes"
	"fmt"
	"log"

	"nst/internal/feedforward"
)

func Example() {
	styles := []feedforward.Style{
		{Name: feedforward.StyleName("Starry Night.jpg"), Painter: "Vincent van Gogh", Year: "1889"},
		{Name: feedforward.StyleName("The_Scream.jpg"), Painter: "Edvard Munch", Year: "1893"},
	}
	m, err := feedforward.New(feedforward.DefaultArchitecture(), styles, 1)
	if err != nil {
		log.Fatal(err)
	}
	var file bytes.Buffer
	if err := m.Write(&file, true); err != nil {
		log.Fatal(err)
	}
	m, err = feedforward.Read(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		log.Fatal(err)
	}
	i, err := m.StyleIndex("the-scream")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Styles[i].Painter, len(m.SharedParams()), len(m.StyleParams(i)))
	between, err := m.Blend([]float64{1, 3})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(between))
	_, err = m.StyleIndex("stary-night")
	fmt.Println(err)
	// Output:
	// Edvard Munch 341859 1344
	// 1344
	// feedforward: no style "stary-night" (known: starry-night, the-scream)
}
