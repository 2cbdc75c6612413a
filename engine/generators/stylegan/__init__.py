"""What the StyleGAN family shares on the shelf."""
