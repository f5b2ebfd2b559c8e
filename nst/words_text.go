package nst

// MarshalText returns the word, or an error if it is not one of [Methods].
func (m Method) MarshalText() ([]byte, error) { return marshalWord(m, Methods()) }

// UnmarshalText takes one of [Methods].
func (m *Method) UnmarshalText(text []byte) error { return unmarshalWord(m, text, Methods()) }

// MarshalText returns the word, or an error if it is not one of [Inits].
func (i Init) MarshalText() ([]byte, error) { return marshalWord(i, Inits()) }

// UnmarshalText takes one of [Inits].
func (i *Init) UnmarshalText(text []byte) error { return unmarshalWord(i, text, Inits()) }

// MarshalText returns the word, or an error if it is not one of [StyleMixes].
func (s StyleMix) MarshalText() ([]byte, error) { return marshalWord(s, StyleMixes()) }

// UnmarshalText takes one of [StyleMixes].
func (s *StyleMix) UnmarshalText(text []byte) error { return unmarshalWord(s, text, StyleMixes()) }

// MarshalText returns the word, or an error if it is not one of [Poolings].
func (p Pooling) MarshalText() ([]byte, error) { return marshalWord(p, Poolings()) }

// UnmarshalText takes one of [Poolings].
func (p *Pooling) UnmarshalText(text []byte) error { return unmarshalWord(p, text, Poolings()) }

// MarshalText returns the word, or an error if it is not one of [TVForms].
func (t TVForm) MarshalText() ([]byte, error) { return marshalWord(t, TVForms()) }

// UnmarshalText takes one of [TVForms].
func (t *TVForm) UnmarshalText(text []byte) error { return unmarshalWord(t, text, TVForms()) }

// MarshalText returns the word, or an error if it is not one of [StyleLosses].
func (s StyleLoss) MarshalText() ([]byte, error) { return marshalWord(s, StyleLosses()) }

// UnmarshalText takes one of [StyleLosses].
func (s *StyleLoss) UnmarshalText(text []byte) error { return unmarshalWord(s, text, StyleLosses()) }

// MarshalText returns the word, or an error if it is not one of [Preprocessings].
func (p Preprocessing) MarshalText() ([]byte, error) { return marshalWord(p, Preprocessings()) }

// UnmarshalText takes one of [Preprocessings].
func (p *Preprocessing) UnmarshalText(text []byte) error {
	return unmarshalWord(p, text, Preprocessings())
}

// MarshalText returns the word, or an error if it is not one of [Paddings].
func (p Padding) MarshalText() ([]byte, error) { return marshalWord(p, Paddings()) }

// UnmarshalText takes one of [Paddings].
func (p *Padding) UnmarshalText(text []byte) error { return unmarshalWord(p, text, Paddings()) }

// MarshalText returns the word, or an error if it is not one of [Precisions].
func (p Precision) MarshalText() ([]byte, error) { return marshalWord(p, Precisions()) }

// UnmarshalText takes one of [Precisions].
func (p *Precision) UnmarshalText(text []byte) error { return unmarshalWord(p, text, Precisions()) }

// MarshalText returns the word, or an error if it is not one of [Colours].
func (c Colour) MarshalText() ([]byte, error) { return marshalWord(c, Colours()) }

// UnmarshalText takes one of [Colours].
func (c *Colour) UnmarshalText(text []byte) error { return unmarshalWord(c, text, Colours()) }
