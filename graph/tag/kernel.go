package tag

// The arithmetic that everything learned here spends its time in. Products are
// rounded to float32 before they are added: a processor that can do both in one
// instruction must not, or models trained on it would differ in their bytes.

// dot returns the inner product of two vectors of one length.
func dot(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	i := 0
	for ; i+4 <= len(a); i += 4 {
		x, y := a[i:i+4:i+4], b[i:i+4:i+4]
		s0 += float32(x[0] * y[0])
		s1 += float32(x[1] * y[1])
		s2 += float32(x[2] * y[2])
		s3 += float32(x[3] * y[3])
	}
	for ; i < len(a); i++ {
		s0 += float32(a[i] * b[i])
	}
	return (s0 + s1) + (s2 + s3)
}

// axpy adds x, f times, to y.
func axpy(f float32, x, y []float32) {
	y = y[:len(x)]
	i := 0
	for ; i+4 <= len(x); i += 4 {
		p, q := x[i:i+4:i+4], y[i:i+4:i+4]
		q[0] += float32(f * p[0])
		q[1] += float32(f * p[1])
		q[2] += float32(f * p[2])
		q[3] += float32(f * p[3])
	}
	for ; i < len(x); i++ {
		y[i] += float32(f * x[i])
	}
}

// mulAdd adds to y the product of a matrix of len(y) rows, each as long as x,
// and x. Four rows at once keep four sums going, since a sum must wait for its
// last addition.
func mulAdd(y, matrix, x []float32) {
	k := len(x)
	j := 0
	for ; j+4 <= len(y); j += 4 {
		b0 := matrix[j*k : j*k+k][:len(x)]
		b1 := matrix[(j+1)*k : (j+1)*k+k][:len(x)]
		b2 := matrix[(j+2)*k : (j+2)*k+k][:len(x)]
		b3 := matrix[(j+3)*k : (j+3)*k+k][:len(x)]
		var s0, s1, s2, s3 float32
		for t, v := range x {
			s0 += float32(v * b0[t])
			s1 += float32(v * b1[t])
			s2 += float32(v * b2[t])
			s3 += float32(v * b3[t])
		}
		y[j] += s0
		y[j+1] += s1
		y[j+2] += s2
		y[j+3] += s3
	}
	for ; j < len(y); j++ {
		y[j] += dot(matrix[j*k:j*k+k], x)
	}
}
