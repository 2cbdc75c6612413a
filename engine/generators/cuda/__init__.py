"""The CUDA backend of the StyleGANs: fused kernels in Triton, beside torch's convolutions."""
