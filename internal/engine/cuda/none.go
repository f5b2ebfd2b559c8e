//go:build !gpu || !linux || !cgo

package cuda

// Built reports whether this program can use cards.
const Built = false

// Cards returns [ErrNotBuilt].
func Cards(func(string) string) ([]Info, error) { return nil, ErrNotBuilt }

// Driver returns the version of CUDA that the driver is for, 0.0 for none.
func Driver(func(string) string) (major, minor int) { return 0, 0 }

// Card is an open card. In this build there is none.
type Card struct{}

// Program is a list of launches that are ready to run.
type Program struct{}

// Open returns [ErrNotBuilt].
func Open(int, func(string) string) (*Card, error) { return nil, ErrNotBuilt }

// Info describes no card.
func (*Card) Info() Info { return Info{} }

// Free returns [ErrNotBuilt].
func (*Card) Free() (int64, error) { return 0, ErrNotBuilt }

// Alloc returns [ErrNotBuilt].
func (*Card) Alloc(int64) (Ptr, error) { return 0, ErrNotBuilt }

// Release returns [ErrNotBuilt].
func (*Card) Release(Ptr) error { return ErrNotBuilt }

// Upload returns [ErrNotBuilt].
func (*Card) Upload(Ptr, []float32) error { return ErrNotBuilt }

// UploadWords returns [ErrNotBuilt].
func (*Card) UploadWords(Ptr, []uint64) error { return ErrNotBuilt }

// Set does nothing.
func (*Program) Set(int, int, uint64) {}

// Download returns [ErrNotBuilt].
func (*Card) Download([]float32, Ptr) error { return ErrNotBuilt }

// DownloadWords returns [ErrNotBuilt].
func (*Card) DownloadWords([]uint64, Ptr) error { return ErrNotBuilt }

// Launch returns [ErrNotBuilt].
func (*Card) Launch(string, int, ...uint64) error { return ErrNotBuilt }

// Share returns [ErrNotBuilt].
func (*Card) Share(int) ([]float32, error) { return nil, ErrNotBuilt }

// Clear returns [ErrNotBuilt].
func (*Card) Clear(Ptr, int) error { return ErrNotBuilt }

// Copy returns [ErrNotBuilt].
func (*Card) Copy(Ptr, Ptr, int) error { return ErrNotBuilt }

// Place returns 0: no card sees the memory.
func Place([]float32) Ptr { return 0 }

// Load returns [ErrNotBuilt].
func (*Card) Load([]Launch) (*Program, error) { return nil, ErrNotBuilt }

// Run returns [ErrNotBuilt].
func (*Card) Run(*Program) error { return ErrNotBuilt }

// Wait returns [ErrNotBuilt].
func (*Card) Wait() error { return ErrNotBuilt }

// Close returns [ErrNotBuilt].
func (*Card) Close() error { return ErrNotBuilt }

// RunPart returns [ErrNotBuilt].
func (*Card) RunPart(*Program, int, int) error { return ErrNotBuilt }

// Len returns 0.
func (*Program) Len() int { return 0 }
