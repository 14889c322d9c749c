6.3s * both replicas are killed and start again after 12 s
9.3s mark epoch 1 n 3 w 0: Relaxed
9.4s quorum s-0 epoch 1 n 3 w 0
18.4s describe s-2 unreadable unjoined
18.5s describe s-1 unreadable unjoined
18.6s prepare s-1 s-2
18.7s join s-1 s-2 to s-0
19.5s quorum s-0 epoch 1 n 3 w 1
19.7s mark epoch 1 n 3 w 1: QuorumChanged
19.8s describe s-2 readable joined
20.7s describe s-1 readable joined
no acknowledged write is lost
