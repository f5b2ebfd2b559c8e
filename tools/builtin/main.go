// Builtin completes the network of the built-in styles: it adds what is known of the
// paintings, and writes the file in half precision.
//
//	builtin TAUGHT OUT
package main

import (
	"fmt"
	"os"

	"nst/internal/feedforward"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "builtin:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("%d arguments, want TAUGHT and OUT", len(args))
	}
	m, err := feedforward.Load(args[0])
	if err != nil {
		return err
	}
	if err := complete(m); err != nil {
		return err
	}
	return m.Save(args[1], true)
}

// complete adds the titles of the paintings.
func complete(m *feedforward.Model) error {
	known := map[string]feedforward.Style{}
	for _, p := range paintings() {
		known[p.Name] = p
	}
	for i, s := range m.Styles {
		p, ok := known[s.Name]
		if !ok {
			return fmt.Errorf("style %s is not in the list of paintings", s.Name)
		}
		p.SHA256 = s.SHA256
		m.Styles[i] = p
	}
	m.Licence = "The paintings are in the public domain. The network was taught with slim and has its licence, CC BY 4.0."
	return nil
}

// paintings lists the built-in styles.
func paintings() []feedforward.Style {
	style := func(name, title, painter, year string) feedforward.Style {
		return feedforward.Style{Name: name, Title: title, Painter: painter, Year: year}
	}
	return []feedforward.Style{
		style("great-wave", "The Great Wave off Kanagawa", "Katsushika Hokusai", "1831"),
		style("starry-night", "The Starry Night", "Vincent van Gogh", "1889"),
		style("wheat-field", "Wheat Field with Cypresses", "Vincent van Gogh", "1889"),
		style("scream", "The Scream", "Edvard Munch", "1893"),
		style("composition-vii", "Composition VII", "Wassily Kandinsky", "1913"),
		style("udnie", "Udnie", "Francis Picabia", "1913"),
		style("cubist", "Cubist composition", "Piet Mondrian", "about 1913"),
		style("water-lilies", "Water Lilies", "Claude Monet", "1919"),
		style("etretat", "The Cliffs at Étretat", "Claude Monet", "1880s"),
		style("grande-jatte", "Oil sketch for A Sunday on La Grande Jatte", "Georges Seurat", "1884"),
		style("shipwreck", "The Shipwreck of the Minotaur", "J. M. W. Turner", "about 1810"),
		style("woodcut", "Camille Mauclair", "Félix Vallotton", "1890s"),
	}
}
